import assert from 'node:assert/strict'
import { archive, copyAtRest, type Kept } from '../../../sandbox/services/backups.ts'
import { administer } from '../../setup/administer.ts'
import {
  acceptedAfterwards,
  openSingle,
  revokeByShell,
  type Schedule,
  type Stage,
  soon,
  statusOf,
  warmed,
} from './stage.ts'

/** So long that a verifier that is cut off still answers from memory when the older database is there. */
const lease = '10s'
const missing = /The database does not have this change/

/** The address is led to the primary as it once was, while a verifier goes on and another is cut off. */
async function goBack(stage: Stage, keep: typeof copyAtRest): Promise<void> {
  const { primary, address, lab } = await openSingle(stage)
  const keys = await lab.keys(24)
  const [kept, lost, pending, next] = [keys[0]!, keys.slice(1, 20), keys[20]!, keys.slice(21)]
  const connected = await warmed(lab, keys, lease)
  await lab.confirm(await lab.revoke(kept))
  const older: Kept = await keep(primary, stage.programs)
  await lab.keys(0)
  const cutOff = await warmed(lab, keys.slice(1), lease)
  for (const key of lost) await lab.confirm(await lab.revoke(key))
  cutOff.cable.blackhole()
  const revoking = revokeByShell(address.url, pending)
  await soon(async () => (await statusOf(primary.url, pending)) === 'revoked', 'a revoke that waits')

  await primary.kill()
  const server = await older.start()
  stage.later(server.stop)
  address.lead(server.url)
  address.reset()
  const recovering = async () => (await administer(server.url, 'select pg_is_in_recovery() as it'))[0]!.it
  await soon(async () => !(await recovering()), 'the end of the recovery')
  await lab.keys(0)
  const accepted = acceptedAfterwards(lab, [connected, cutOff], next, 500)
  assert.equal(await revoking.ended, 1)
  assert.match(revoking.said(), missing)
  assert.equal(await statusOf(server.url, pending), 'active')
  assert.deepEqual(await accepted, [])
  // It agrees with the database about what was lost, and about nothing else.
  await soon(async () => (await connected.ask(lost[0]!)) === 'VALID', 'an answer')
  for (const key of [...lost, pending]) assert.equal(await connected.ask(key), 'VALID')
  assert.equal(await connected.ask(kept), 'REVOKED')
}

export const epochs: Schedule[] = [
  {
    name: 'epoch-copied-files',
    title:
      'on an older copy of the files each confirmed revoke is obeyed, and a wait for a change that it lacks says so',
    play: (stage) => goBack(stage, copyAtRest),
  },
  {
    name: 'epoch-point-in-time',
    title: 'the same after a recovery from an archive to a point before the last revokes',
    play: (stage) => goBack(stage, archive),
  },
  {
    name: 'epoch-sequence',
    title:
      'a sequence of change numbers that starts again gives none twice, and each confirmed revoke is obeyed',
    isShort: true,
    async play(stage) {
      const { lab } = await openSingle(stage)
      const keys = await lab.keys(9)
      const verifier = await warmed(lab, keys, '5s')
      const before = []
      for (const key of keys.slice(0, 4)) before.push(await lab.revoke(key))
      await lab.confirm(before.at(-1)!)
      await lab.sql.query('alter sequence change_seq restart')
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(4, 6), 100), [])
      // Nor does it where the log has nothing that shows them.
      await lab.sql.query(`begin; update change_log set pruned_to = (select max(seq) from changes);
        delete from changes; alter sequence change_seq restart; commit`)
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(6), 100), [])
      const { rows } = await lab.sql.query('select min(seq)::int as first from changes')
      assert.ok(rows[0].first > before.at(-1)! + 2, `${rows[0].first} after ${before}`)
    },
  },
]
