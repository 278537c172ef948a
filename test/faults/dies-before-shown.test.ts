import { fault } from 'local-slack/person'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pendingReveals } from '../../jobs/pending-reveals.ts'
import { minuteMs } from '../../src/foundation/time.ts'
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

test('a token whose process dies before Slack answered is void after some minutes, and its key is offered again', async () => {
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

  const run = (minutes: number) =>
    pendingReveals({
      world: { ...world, clock: { now: () => new Date(Date.now() + minutes * minuteMs) } },
      deliver: async () => undefined,
    })
  await run(4)
  expect((await key()).status).toBe('active')
  await run(6)
  expect(await key()).toEqual({ status: 'unrevealed', token_hash: null })

  second = keywarden(['start'], house.env)
  await second.saysSoon(/keywarden is up/, 50)
  const offer = await received(manager, 'Slack did not confirm that it showed you Half made')
  await press(manager, offer, 'Reveal key')
  expect(tokenIn((await dialogWith(manager, 'Copy your key', 'Shown once')).blocks)).toMatch(/^tml_/)
  await expect.poll(() => world.db('pending_reveals'), within).toEqual([])
  expect(said(await received(manager, 'The key was shown once'))).toContain('Half made')
})
