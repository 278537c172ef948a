import type { Act } from '../members/actor.ts'
import type { Terms } from '../policy/terms.ts'
import type { Authority } from './authority.ts'
import { keysOfLeaver } from './leaver-keys.ts'
import { type Offboarding, toOffboarding } from './offboarding.ts'

/**
 * An offboarding begins again where whoever asks now may end a role that had stayed, and a finished one also when the
 * leaver has a key that it does not know. The limit of a finished one counts from now.
 */
export async function reopenIfMore(
  act: Act,
  offboarding: Offboarding,
  authority: Pick<Authority, 'keepsRoleIn'>,
  terms: Terms,
): Promise<Offboarding> {
  const keepsRoleIn = offboarding.keepsRoleIn.filter((id) => authority.keepsRoleIn.includes(id))
  const endsRole = keepsRoleIn.length < offboarding.keepsRoleIn.length
  const isDone = offboarding.state === 'done'
  if (!endsRole && !(isDone && (await hasMore(act, offboarding)))) return offboarding
  const due = new Date(act.now.getTime() + terms.offboardingLimitMinutes * 60_000)
  const anew = {
    begun_at: act.now,
    due_at: due,
    done_at: null,
    message_id: null,
    announced: true,
  }
  const [row] = await act
    .trx('offboardings')
    .where({ id: offboarding.id })
    .update({ state: 'requested', keeps_role_in: keepsRoleIn, ...(isDone ? anew : {}) })
    .returning('*')
  return toOffboarding(row)
}

async function hasMore(act: Act, { id, accountId, userId }: Offboarding): Promise<boolean> {
  const known = await act.trx('offboarding_keys').where({ offboarding_id: id }).select('key_id')
  const handled = new Set(known.map((row) => row.key_id))
  return (await keysOfLeaver(act.trx, accountId, userId!)).some((key) => !handled.has(key.id))
}
