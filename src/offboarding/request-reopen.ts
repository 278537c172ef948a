import type { Executor } from '../foundation/database.ts'
import { minuteMs } from '../foundation/time.ts'
import type { Act } from '../members/actor.ts'
import type { Policy } from '../policy/policy.ts'
import type { Authority } from './authority.ts'
import { keysOfLeaver } from './leaver-keys.ts'
import { type Offboarding, toOffboarding } from './offboarding.ts'

/**
 * Reopens an offboarding where the requester may end a role that had stayed, and a finished one also when the leaver has
 * a key that it does not know. The deadline of a finished one counts from now, and decisions made after a preview
 * (`decided`) apply to the new keys: those from before are done.
 */
export async function reopenIfMore(
  act: Act,
  offboarding: Offboarding,
  authority: Pick<Authority, 'keepsRoleIn'>,
  policy: Policy,
  decided: Record<string, unknown>,
): Promise<Offboarding> {
  const keepsRoleIn = offboarding.keepsRoleIn.filter((id) => authority.keepsRoleIn.includes(id))
  const endsRole = keepsRoleIn.length < offboarding.keepsRoleIn.length
  const isDone = offboarding.state === 'done'
  if (!endsRole && !(isDone && (await hasMore(act, offboarding)))) return offboarding
  if (endsRole) {
    const ended = offboarding.keepsRoleIn.filter((id) => !keepsRoleIn.includes(id))
    const anew = act.trx('offboarding_keys').where({ offboarding_id: offboarding.id })
    await anew.whereIn('key_id', plannedAnew(act.trx, ended)).delete()
  }
  const due = new Date(act.now.getTime() + policy.offboardingLimitMinutes * minuteMs)
  const anew = {
    begun_at: act.now,
    due_at: due,
    done_at: null,
    message_id: null,
    message_at: null,
    announced: true,
    ...decided,
  }
  const [row] = await act
    .trx('offboardings')
    .where({ id: offboarding.id })
    .update({ state: 'requested', keeps_role_in: keepsRoleIn, ...(isDone ? anew : {}) })
    .returning('*')
  return toOffboarding(row)
}

/**
 * Ids of keys that are planned anew when a role ends that had stayed in these workspaces: the leaver could activate a key
 * there again and abort a rotation, and what nobody had seen was left to them. A rotation that goes on stays as it is.
 */
export const plannedAnew = (db: Executor, ended: readonly string[]) =>
  db('keys')
    .whereIn('workspace_id', [...ended])
    .whereIn('status', ['active', 'unrevealed'])
    .whereNull('successor_id')
    .select('id')

async function hasMore(act: Act, { id, accountId, userId }: Offboarding): Promise<boolean> {
  const known = await act.trx('offboarding_keys').where({ offboarding_id: id }).select('key_id')
  const handled = new Set(known.map((row) => row.key_id))
  return (await keysOfLeaver(act.trx, accountId, userId!)).some((key) => !handled.has(key.id))
}
