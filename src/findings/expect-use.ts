import type { MonthlyWindow } from '../anomaly/calendar.ts'
import { forgetState } from '../anomaly/states.ts'
import { record } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Target } from './actions.ts'
import { type AboutFinding, lockFinding } from './store.ts'

/** What somebody says to expect: this time, a time of each month by the workspace's clock, or this from now on. */
export type Expected = { kind: 'once' } | ({ kind: 'monthly' } & MonthlyWindow) | { kind: 'new-normal' }

/** An event that was called expected is not told again while it lasts, for at most a day more. */
const onceMs = dayMs

/**
 * "Expected": the alert ends, and the detector knows better. Stored, audited, and shown with the key, where it can be
 * taken back.
 */
export async function expectUse(act: Act, target: Target, wanted: Expected): Promise<AboutFinding | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (finding?.kind !== 'unusual-use') return noSuchKey({ action: 'use.expect' })
  const { keyId, ownerId } = finding
  const refusal = await authorise(act, 'use.expect', { workspaceId, ownerId, keyId })
  if (refusal) return refusal
  const episode = await act
    .trx('anomaly_episodes')
    .where({ key_id: keyId })
    .whereNull('over_at')
    .forUpdate()
    .first('id', 'began_at', 'reason')
  if (finding.resolvedAt || !episode) return refuse('already', 'This is settled already; the alert says how.')
  await act.trx('anomaly_expectations').insert(rowOf(act, target, keyId, episode, wanted))
  await act
    .trx('anomaly_episodes')
    .where({ id: episode.id })
    .update({ over_at: act.now, over_because: 'expected', over_by: actorName(act.actor) })
  if (wanted.kind === 'new-normal') await forgetState(act.trx, keyId)
  await record(act, {
    event: 'use.expected',
    workspaceId,
    keyId,
    details: { ...wanted, reason: episode.reason },
  })
  return finding
}

function rowOf(
  act: Act,
  { random }: Target,
  keyId: string,
  episode: { began_at: Date; reason: string },
  wanted: Expected,
) {
  const row = {
    id: newId('exp', random),
    key_id: keyId,
    kind: wanted.kind,
    reason: episode.reason,
    from_at: episode.began_at,
    said_by: actorName(act.actor),
    said_at: act.now,
  }
  if (wanted.kind === 'once') return { ...row, until_at: new Date(act.now.getTime() + onceMs) }
  if (wanted.kind === 'new-normal') return row
  const { dayOfMonth, fromMinute, untilMinute } = wanted
  return { ...row, day_of_month: dayOfMonth, from_minute: fromMinute, until_minute: untilMinute }
}
