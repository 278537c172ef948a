import { findBeside, optionValue, topModal } from 'local-slack/inspect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { type RedisServer, startRedis } from '../../sandbox/services/redis.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { answerTo, makeKey, openDialog, people, said, submit, submitAndSee, tokenIn } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'

let postgres: PostgresServer
let redis: RedisServer
let house: ProcessHouse
let remembered: string
let fresh: string
beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([
    // Durable, since it is killed: a server that waits for no disk would forget the last keys with every right to.
    startPostgres({ own: true }),
    startRedis({ own: true }),
  ])
  await migrate(postgres.url)
  house = await processHouse({ databaseUrl: postgres.url, redisUrl: redis.url }, { KEYWARDEN_LEASE: '1s' })
  remembered = await makeKey(house.as('manager'), { name: 'Remembered' })
  fresh = await makeKey(house.as('manager'), { name: 'Fresh' })
  expect(await house.verify(remembered)).toMatchObject({ status: 200, code: 'VALID' })
})
afterAll(async () => {
  await house?.stop()
  await Promise.all([postgres?.stop(), redis?.stop()])
})

const out = 'The database is unavailable. This changed nothing.'
const statusOf = async (path: string) => (await fetchOperations(house.url + path)).status
const within = { timeout: 40_000, interval: 100 }

test('with Postgres killed, every answer says so, and with Postgres back everything works without a restart', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  const pid = house.process.child.pid

  await postgres.kill()
  const verdicts = await Promise.all(Array.from({ length: 30 }, () => house.verify(fresh)))
  for (const verdict of verdicts)
    expect(verdict).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) })
  // Memory answers until its lease ends, and not a moment longer.
  await expect.poll(() => house.verify(remembered), within).toMatchObject({ status: 503 })
  expect(await statusOf('/healthz')).toBe(200)
  expect(await statusOf('/readyz')).toBe(503)
  const metrics = await (await fetchOperations(`${house.url}/metrics`)).text()
  expect(Number(/^keywarden_failures_total\{status="503"\} (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(30)
  expect(metrics).toMatch(/^keywarden_lease_held 0$/m)
  expect(metrics).toMatch(/^keywarden_verifier_troubles 1$/m)

  expect(await submit(manager, form, { name: 'Lost', scopes: ['read'] })).toMatchObject({
    outcome: 'updated',
  })
  const refused = await manager.waitFor(
    (screen) => /database/.test(said(topModal(screen)?.blocks ?? [])) && topModal(screen),
  )
  expect(said(refused.blocks)).toContain(out)
  await manager.close(refused.id)
  for (const command of ['list', 'activate Fresh'])
    expect(said(await answerTo(manager, command))).toContain(out)
  for (const command of ['create', 'show Fresh', 'revoke Fresh', 'roles']) {
    const dialog = await openDialog(manager, command)
    expect(said(dialog.blocks)).toContain(out)
    await manager.close(dialog.id)
  }

  // Slack reports this once.
  await house.slack.setPerson(people.otherMember, { deleted: true })
  await expect
    .poll(() => house.logged().some(({ event }) => event === 'slack.user_unread'), within)
    .toBe(true)

  await postgres.restart()
  await expect.poll(() => house.verify(fresh), within).toMatchObject({ status: 200, code: 'VALID' })
  const offboarded = () =>
    house.world.db('offboardings').where({ user_id: people.otherMember }).pluck('state')
  await expect.poll(offboarded, within).toEqual(['done'])
  await expect.poll(() => statusOf('/readyz'), within).toBe(200)
  await expect.poll(async () => said(await answerTo(manager, 'list')), within).toContain('Fresh')
  const names = await house.world.db('keys').orderBy('name').pluck('name')
  expect(names).toEqual(['Fresh', 'Remembered'])
  const shown = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'Again',
    scopes: ['read'],
  })
  expect(await house.verify(tokenIn(shown.blocks))).toMatchObject({ code: 'VALID' })
  await manager.close(shown.id)

  expect(house.process.child.pid).toBe(pid)
  expect(house.process.child.exitCode).toBeNull()
  expect(house.process.errors()).toBe('')
})

test('with Redis killed nothing that a person does is different, and it is logged once', async () => {
  const manager = house.as('manager')
  await redis.kill()
  await house.process.saysSoon(/redis is unavailable/)
  const shown = await submitAndSee(manager, await openDialog(manager, 'create'), {
    name: 'No queue',
    scopes: ['read'],
  })
  expect(await house.verify(tokenIn(shown.blocks))).toMatchObject({ code: 'VALID' })
  await manager.close(shown.id)
  await redis.restart()
  await house.process.saysSoon(/redis is available again/)
  expect(house.logged().filter(({ msg }) => /redis is unavailable/.test(String(msg)))).toHaveLength(1)
  expect(house.process.errors()).toBe('')
})

test('a menu of a list that was sent before an outage works after it', async () => {
  const manager = house.as('manager')
  const list = await answerTo(manager, 'list fresh')
  const menu = findBeside(list.blocks, 'Fresh')!
  const value = optionValue(list.blocks, menu, 'Deactivate')!
  await postgres.restart()
  await expect.poll(() => statusOf('/readyz'), within).toBe(200)
  const at = { message: { channel: list.channel, ts: list.ts } }
  expect(await manager.click({ at, ...menu, value })).toEqual({ ok: true })
  const dialog = await manager.waitFor((screen) => (topModal(screen)?.submit ? topModal(screen) : undefined))
  expect(said(dialog.blocks)).toContain('Fresh')
  await manager.close(dialog.id)
})

test('it stops in order afterwards', async () => {
  expect(await house.stop()).toBe(0)
  expect(house.process.errors()).toBe('')
  expect(house.logged().filter(({ level }) => level === 'fatal')).toEqual([])
})
