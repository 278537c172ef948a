import { fault } from 'local-slack/person'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pendingReveals } from '../../jobs/pending-reveals.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { openDialog, press, said, submit, tokenIn } from '../setup/house.ts'
import { keywarden, type Process } from '../setup/process.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'
import { dialogWith, received } from '../setup/seen.ts'

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
let second: Process | undefined
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url })
})
afterAll(async () => {
  await second?.stop()
  await house?.stop()
  await Promise.all([database.drop(), redis.drop()])
})

const within = { timeout: 40_000 }

test('a token whose process dies before Slack answered is void once nobody can have used it, and its key is offered again', async () => {
  const { world, slack } = house
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create')
  await fault(slack.url, { method: 'views.update', times: 1, kind: 'hang' })
  await submit(manager, form, { name: 'Half made', scopes: ['read'], expires: '90' })
  const key = () => world.db('keys').where({ name: 'Half made' }).first('status', 'token_hash')
  await expect.poll(async () => (await key())?.status, within).toBe('active')
  house.process.child.kill('SIGKILL')
  await house.process.ended
  expect(JSON.stringify(await manager.screen())).not.toMatch(/tml_[0-9A-Za-z]{38}/)

  // As if it had died ten minutes ago.
  const age = (table: string, column: string, minutes: number) =>
    world.db(table).update({ [column]: world.db.raw(`?? - ? * interval '1 minute'`, [column, minutes]) })
  await age('pending_reveals', 'since', 10)
  await age('keys', 'status_changed_at', 10)
  const dead = { counter: 'dead', name: 'dead', flush: 1, through: new Date(Date.now() - 11 * 60_000) }
  await world.db('usage_counters').delete()
  await world.db('usage_counters').insert(dead)
  const counters = async () => (await world.db('usage_counters').pluck('through')).length
  second = keywarden(['start'], house.env)
  await second.saysSoon(/keywarden is up/, 50)
  await expect.poll(counters, within).toBe(2)
  const run = () => pendingReveals({ world, deliver: async () => undefined })
  // The verifier that died with it may have counted a use of the token.
  await run()
  expect((await key()).status).toBe('active')
  await world
    .db('usage_counters')
    .where('through', '<', world.db.raw(`now() - interval '5 minutes'`))
    .update({ through: world.db.raw(`through - interval '1 hour'`) })
  await expect
    .poll(async () => {
      await run()
      return key()
    }, within)
    .toEqual({ status: 'unrevealed', token_hash: null })

  const offer = await received(manager, 'Slack did not confirm that it showed you Half made')
  await press(manager, offer, 'Reveal key')
  expect(tokenIn((await dialogWith(manager, 'Copy your key', 'Shown once')).blocks)).toMatch(/^tml_/)
  await expect.poll(() => world.db('pending_reveals'), within).toEqual([])
  expect(said(await received(manager, 'The key was shown once'))).toContain('Half made')
})
