import { afterAll, beforeAll, expect, test } from 'vitest'
import { messagesIn, topModal } from '../../sandbox/slack/look.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { makeKey, openDialog, said, submit } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  const unheard = `process.on('SIGUSR2', () => Promise.reject(new Error('unheard kws_0a1b2c3d4e5f')))`
  house = await processHouse(
    { databaseUrl: database.url, redisUrl: redis.url },
    { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(unheard)}` },
  )
})
afterAll(async () => {
  await house?.stop()
  await Promise.all([database.drop(), redis.drop()])
})

test('a promise that fails unheard is logged without its secrets, and the process lives', async () => {
  house.process.child.kill('SIGUSR2')
  await house.process.saysSoon(/unhandled promise rejection/)
  const [line] = house.logged().filter(({ level }) => level === 'error')
  expect(line).toMatchObject({ error: expect.stringMatching(/^Error: unheard kws_\.\.\.\n {4}at/) })
  expect(house.process.child.exitCode).toBeNull()
})

test('SIGTERM lets what has begun come to its end, answer included, and exits 0', async () => {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Salesforce CRM' })
  const dialog = await openDialog(manager, 'deactivate Salesforce CRM')
  // Somebody else has the key's row in hand: the act has begun and cannot end yet.
  const other = await house.world.db.transaction()
  await other('keys').where({ name: 'Salesforce CRM' }).forUpdate().first('id')
  expect(await submit(manager, dialog, {})).toMatchObject({ ok: true, outcome: 'updated' })
  const waiting = () =>
    house.world.db.raw(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
  await expect.poll(async () => (await waiting()).rows.length).toBe(1)

  house.process.child.kill('SIGTERM')
  await expect.poll(() => fetch(`${house.url}/healthz`).catch(() => 'closed')).toBe('closed')
  expect(house.process.child.exitCode).toBeNull()
  await other.commit()

  expect(await house.process.ended).toBe(0)
  const shown = topModal(await manager.screen())
  expect(said(shown!.blocks)).toMatch(/^Deactivated Salesforce CRM/)
  expect(await house.world.db('keys').first('status')).toEqual({ status: 'inactive' })
  expect(token).toMatch(/^tml_/)
  expect(house.process.errors()).toBe('')
  const errors = house.logged().filter(({ level }) => level === 'error')
  expect(errors).toEqual([expect.objectContaining({ error: expect.stringMatching(/^Error: unheard/) })])
})

test('a command typed while nobody is there fails before the person, not silently', async () => {
  const manager = house.as('manager')
  const before = messagesIn(await manager.screen(), 'C0GENERAL1').length
  expect(await manager.command({ channel: 'C0GENERAL1', text: '/keys list' })).toEqual({
    ok: false,
    error: 'dispatch_failed',
  })
  expect(messagesIn(await manager.screen(), 'C0GENERAL1')).toHaveLength(before)
})
