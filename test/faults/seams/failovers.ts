import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { demote } from '../../../sandbox/services/standby.ts'
import { administer } from '../../setup/administer.ts'
import { ask } from '../lab/lab.ts'
import {
  acceptedAfterwards,
  askWithin,
  giveUpWaits,
  openPair,
  revokeByShell,
  revokeHereAlone,
  type Schedule,
  soon,
  statusOf,
  warmed,
} from './stage.ts'

export const failovers: Schedule[] = [
  {
    name: 'failover-kept',
    title: 'with a named standby a confirmed revoke outlasts the promotion',
    async play(stage) {
      const pair = await openPair(stage, true)
      const keys = await pair.lab.keys(10)
      const verifier = await warmed(pair.lab, keys, '2s')
      for (const key of keys) await pair.lab.confirm(await pair.lab.revoke(key))
      await pair.failOver()
      for (const key of keys) {
        assert.equal(await statusOf(pair.standby.url, key), 'revoked')
        assert.notEqual(await verifier.ask(key), 'VALID')
      }
    },
  },
  {
    name: 'failover-lost-change',
    title: 'a change that a promotion has lost is never said to be confirmed',
    async play(stage) {
      const pair = await openPair(stage, true)
      const [key] = await pair.lab.keys(1)
      await warmed(pair.lab, [key!], '2s')
      pair.replication.blackhole()
      const revoking = revokeByShell(pair.address.url, key!)
      // Somebody gives up on each wait, until the change is committed at the primary alone.
      await soon(async () => {
        await giveUpWaits(pair.primary.url)
        return (await statusOf(pair.primary.url, key!)) === 'revoked'
      }, 'the revoke at the primary')
      await pair.failOver()
      assert.equal(await statusOf(pair.standby.url, key!), 'active')
      assert.equal(await revoking.ended, 1)
      assert.doesNotMatch(revoking.said(), /No server held it|every request from now on/)
    },
  },
  {
    name: 'failover-numbers-again',
    title: 'what was acknowledged of lost changes does not count for those that get their numbers',
    async play(stage) {
      const pair = await openPair(stage, true)
      const { lab } = pair
      const keys = await lab.keys(48)
      const [connected, cutOff] = [
        await warmed(lab, keys.slice(45), '5s'),
        await warmed(lab, keys.slice(45), '5s'),
      ]
      await pair.caughtUp()
      pair.replication.blackhole()
      await revokeHereAlone(pair.primary.url, keys.slice(0, 45))
      await soon(async () => (await connected.ask(keys[44]!)) !== 'VALID', 'the last of the lost changes')
      cutOff.cable.blackhole()
      await pair.failOver()
      assert.equal(await statusOf(pair.standby.url, keys[44]!), 'active')
      assert.deepEqual(await acceptedAfterwards(lab, [connected, cutOff], keys.slice(45), 2_500), [])
    },
  },
  {
    name: 'failover-during-a-wait',
    title: 'a wait that began before the promotion fences nobody early after it',
    async play(stage) {
      const pair = await openPair(stage, true)
      const { lab } = pair
      const [lost, key] = await lab.keys(2)
      const [a, b] = [await warmed(lab, [lost!, key!], '5s'), await warmed(lab, [lost!, key!], '5s')]
      await pair.caughtUp()
      pair.replication.blackhole()
      await revokeHereAlone(pair.primary.url, [lost!])
      // As long as every process waits for the change that will be lost, nearly for a lease.
      await pause(4_300)
      b.cable.blackhole()
      await pair.failOver()
      assert.deepEqual(await acceptedAfterwards(lab, [a, b], [key!], 6_000), [])
    },
  },
  {
    name: 'failover-asynchronous',
    title:
      'after an asynchronous standby was promoted, verifiers agree with the database: what it lost, and nothing else',
    async play(stage) {
      const pair = await openPair(stage, false)
      const { lab } = pair
      const keys = await lab.keys(20)
      const verifier = await warmed(lab, keys, '2s')
      const begun = verifier.process.log.filter((line) => line.includes('is asynchronous'))
      assert.equal(begun.length, 1, 'the verifier warns of it as it starts')
      for (const [i, key] of keys.slice(0, 16).entries()) {
        if (i === 8) {
          await pair.caughtUp()
          pair.replication.blackhole()
        }
        await lab.confirm(await lab.revoke(key))
      }
      await pair.failOver()
      await soon(async () => (await verifier.ask(keys[19]!)) === 'VALID', 'an answer')
      const { rows } = await lab.sql.query('select id, status from keys')
      const status = new Map(rows.map((row) => [row.id, row.status]))
      for (const key of keys)
        assert.equal(await verifier.ask(key), status.get(key.id) === 'active' ? 'VALID' : 'REVOKED')
      assert.equal(rows.filter((row) => row.status === 'revoked').length, 8)
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(8), 100), [])
    },
  },
  {
    name: 'standby-read',
    title: 'a verifier that is led to a standby answers 503, is not ready, and logs it once',
    async play(stage) {
      const pair = await openPair(stage, false)
      const { lab, standby } = pair
      const [key] = await lab.keys(1)
      const verifier = await warmed(lab, [key!], '1s')
      await pair.caughtUp()
      await administer(standby.url, 'select pg_wal_replay_pause()')
      verifier.cable.lead(standby.url)
      verifier.cable.reset()
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], [key!], 3_000), [])
      assert.equal(await verifier.ask(key!), 'HTTP 503')
      assert.equal((await fetch(`${verifier.process.url}/readyz`)).status, 503)
      const warned = verifier.process.log.filter((line) => /"event":"lease\./.test(line))
      assert.ok(warned.length >= 1 && warned.length <= 4, `${warned.length} lines: ${warned.join('\n')}`)
    },
  },
  {
    name: 'switchover',
    title:
      'a planned switchover whose address leads to the demoted server a while is followed without a restart',
    async play(stage) {
      const pair = await openPair(stage, true)
      const { lab, primary, standby, address } = pair
      const keys = await lab.keys(3)
      const verifier = await warmed(lab, keys, '2s')
      await lab.confirm(await lab.revoke(keys[0]!))
      await demote(primary, standby, stage.programs)
      await administer(standby.url, 'select pg_promote(true, 60)')
      // All lanes reconnect there: the address is late.
      await soon(async () => (await askWithin(verifier, keys[1]!, 3_000)) === 'HTTP 503', '503')
      await pause(3_000)
      address.lead(standby.url)
      await soon(async () => (await askWithin(verifier, keys[1]!, 3_000)) === 'VALID', 'VALID')
      const leased = () =>
        administer(standby.url, 'select from leases where name = $1', [verifier.process.name])
      await soon(async () => (await leased()).length === 1, 'a lease at the new primary')
      address.reset()
      await lab.keys(0)
      assert.equal(await ask(verifier.process.url, keys[0]!), 'REVOKED')
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(1), 2_000), [])
    },
  },
]
