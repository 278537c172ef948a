import assert from 'node:assert/strict'
import pg from 'pg'
import { administer } from '../../setup/administer.ts'
import { openPair, openSingle, revokeByShell, type Schedule, soon, statusOf, warmed } from './stage.ts'

const changeLock = 4711002
/** The exit codes of what was not done, and of what nobody knows yet. */
const notDone = 1
const unknown = 4
const nothing = /The database is unavailable\. This changed nothing\./

const waiting = `select pid from pg_stat_activity where wait_event = 'SyncRep' and query ilike 'commit%'`

export const commits: Schedule[] = [
  {
    name: 'commit-lock',
    title: 'a COMMIT that waited too long for the lock of changes is said to have changed nothing',
    async play(stage) {
      const { primary, lab } = await openSingle(stage)
      const [key] = await lab.keys(1)
      const verifier = await warmed(lab, [key!], '5s')
      const other = new pg.Client(primary.url)
      await other.connect()
      await other.query('select pg_advisory_lock($1)', [changeLock])
      const revoking = revokeByShell(primary.url, key!)
      assert.equal(await revoking.ended, notDone)
      await other.end()
      assert.match(revoking.said(), nothing)
      assert.equal(await statusOf(primary.url, key!), 'active')
      assert.equal(await verifier.ask(key!), 'VALID')
    },
  },
  {
    name: 'commit-reset',
    title: 'a COMMIT whose connection is reset is not said to have revoked anything',
    isShort: true,
    async play(stage) {
      const { address, lab } = await openSingle(stage)
      const [key] = await lab.keys(1)
      const commit = address.hold('COMMIT;', 'request')
      const revoking = revokeByShell(address.url, key!)
      await commit.reached
      address.reset()
      commit.release()
      assert.ok([notDone, unknown].includes((await revoking.ended)!), revoking.said())
      assert.doesNotMatch(revoking.said(), /Revoked/)
      assert.equal(await statusOf(address.url, key!), 'active')
    },
  },
  {
    name: 'commit-restart',
    title: 'a COMMIT during which Postgres crashes is not said to have revoked anything',
    async play(stage) {
      const { primary, address, lab } = await openSingle(stage)
      const [key] = await lab.keys(1)
      const commit = address.hold('COMMIT;', 'request')
      const revoking = revokeByShell(address.url, key!)
      await commit.reached
      await primary.kill()
      commit.release()
      await primary.restart()
      assert.ok([notDone, unknown].includes((await revoking.ended)!), revoking.said())
      assert.doesNotMatch(revoking.said(), /Revoked/)
      assert.equal(await statusOf(primary.url, key!), 'active')
    },
  },
  {
    name: 'commit-standby-away',
    title: 'a revoke that a named standby has not confirmed is not said to be done, nor is the next one',
    async play(stage) {
      const { primary, address, lab, replication } = await openPair(stage, true)
      const keys = await lab.keys(2)
      // A renewal that waits for the standby would keep changes from their lock.
      const verifier = await warmed(lab, keys, '60s')
      replication.blackhole()
      const first = revokeByShell(address.url, keys[0]!)
      await soon(async () => (await administer(primary.url, waiting)).length > 0, 'a commit that waits')
      const second = revokeByShell(address.url, keys[1]!)
      assert.deepEqual(await Promise.all([first.ended, second.ended]), [unknown, notDone])
      for (const { said } of [first, second]) assert.doesNotMatch(said(), /Revoked/)
      assert.match(second.said(), nothing)
      replication.heal()
      await soon(async () => (await statusOf(primary.url, keys[0]!)) === 'revoked', 'the first revoke')
      assert.equal(await statusOf(primary.url, keys[1]!), 'active')
      await soon(async () => (await verifier.ask(keys[0]!)) === 'REVOKED', 'REVOKED')
    },
  },
  {
    name: 'begin-reset',
    title: 'a connection that dies between BEGIN and the first statement is an outage, in one sentence',
    isShort: true,
    async play(stage) {
      const { address, lab } = await openSingle(stage)
      const [key] = await lab.keys(1)
      const begin = address.hold('BEGIN;', 'reply')
      const revoking = revokeByShell(address.url, key!)
      await begin.reached
      address.reset()
      begin.release()
      assert.equal(await revoking.ended, notDone)
      assert.match(revoking.said(), nothing)
      assert.doesNotMatch(revoking.said(), /knex|^ {4}at /m)
    },
  },
]
