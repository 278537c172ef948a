import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { dayMs } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import type { MonthlyWindow } from './calendar.ts'
import { forgetState } from './states.ts'

/** Unusual use that is expected: this time, a time of each month by the workspace's clock, or from now on. */
export type Expected = { kind: 'once' } | ({ kind: 'monthly' } & MonthlyWindow) | { kind: 'new-normal' }

/** An event that was called expected raises no alert while it lasts, for at most a day more. */
const onceMs = dayMs

/** Ends a key's running episode as expected, and keeps the expectation. @returns its reason; undefined without one */
export async function expectEpisode(
  act: Act,
  keyId: string,
  wanted: Expected,
  random: Random,
): Promise<string | undefined> {
  const episode = await act
    .trx('anomaly_episodes')
    .where({ key_id: keyId })
    .whereNull('over_at')
    .forUpdate()
    .first('id', 'began_at', 'reason')
  if (!episode) return undefined
  await act.trx('anomaly_expectations').insert(rowOf(act, keyId, episode, wanted, random))
  await act
    .trx('anomaly_episodes')
    .where({ id: episode.id })
    .update({ over_at: act.now, over_because: 'expected', over_by: actorName(act.actor) })
  if (wanted.kind === 'new-normal') await forgetState(act.trx, keyId)
  return episode.reason
}

function rowOf(
  act: Act,
  keyId: string,
  episode: { began_at: Date; reason: string },
  wanted: Expected,
  random: Random,
) {
  const row = {
    id: newId('exp', random),
    key_id: keyId,
    kind: wanted.kind,
    reason: episode.reason,
    from_at: episode.began_at,
    declared_by: actorName(act.actor),
    declared_at: act.now,
  }
  if (wanted.kind === 'once') return { ...row, until_at: new Date(act.now.getTime() + onceMs) }
  if (wanted.kind === 'new-normal') return row
  const { dayOfMonth, fromMinute, untilMinute } = wanted
  return { ...row, day_of_month: dayOfMonth, from_minute: fromMinute, until_minute: untilMinute }
}
