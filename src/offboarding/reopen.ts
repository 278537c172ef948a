import type { Act } from '../members/actor.ts'
import type { Terms } from '../policy/terms.ts'
import { keysOfLeaver } from './leaver-keys.ts'
import { type Offboarding, toOffboarding } from './offboarding.ts'

/** A finished offboarding goes on when the leaver has a key that it does not know. The limit counts from now. */
export async function reopenIfMore(act: Act, offboarding: Offboarding, terms: Terms): Promise<Offboarding> {
  if (offboarding.state !== 'done') return offboarding
  const known = await act.trx('offboarding_keys').where({ offboarding_id: offboarding.id }).select('key_id')
  const handled = new Set(known.map((row) => row.key_id))
  const keys = await keysOfLeaver(act.trx, offboarding.accountId, offboarding.userId!)
  if (keys.every((key) => handled.has(key.id))) return offboarding
  const due = new Date(act.now.getTime() + terms.offboardingLimitMinutes * 60_000)
  const [row] = await act
    .trx('offboardings')
    .where({ id: offboarding.id, state: 'done' })
    .update({
      state: 'requested',
      begun_at: act.now,
      due_at: due,
      done_at: null,
      message_id: null,
      announced: true,
    })
    .returning('*')
  return row ? toOffboarding(row) : offboarding
}
