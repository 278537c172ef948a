import { dayMs } from '../foundation/time.ts'
import { isOver } from '../keys/key.ts'
import type { Terms } from '../policy/terms.ts'
import type { Candidate } from './leaver-keys.ts'
import { isUnattended, type Mode, type Offboarding, type Plan } from './offboarding.ts'

/** Whether something used the key lately, so that ending it would be noticed. Pure. */
export const isBusy = (key: Pick<Candidate, 'lastUsedAt'>, now: Date, busyDays: number): boolean =>
  key.lastUsedAt !== null && now.getTime() - key.lastUsedAt.getTime() <= busyDays * dayMs

/** Whether the leaver can have seen a token, or may still reveal one. Making a key for somebody shows nothing. */
const couldSee = (key: Pick<Candidate, 'reasons'>): boolean =>
  key.reasons.some((reason) => reason !== 'created')

/** What can happen to a key as it stands, first what a mode without a word about it would do. Pure. */
export function choicesFor(key: Candidate, now: Date): Plan[] {
  if (!couldSee(key) || isOver(key, now)) return ['keep']
  if (key.status === 'unrevealed') return ['hand-over', 'revoke', 'keep']
  if (key.status === 'inactive') return ['keep', 'revoke']
  return ['rotate', 'deactivate', 'revoke', 'keep']
}

/** What a system asks for, as far as a policy lets it: only less than the policy, which is what can be undone. Pure. */
export const within = (policy: Mode, wanted: Mode): Mode => (wanted === 'deactivate' ? wanted : policy)

/** What happens to keys of that workspace: what was asked for where whoever asked decides, else its own policy. Pure. */
export function modeIn(
  offboarding: Pick<Offboarding, 'mode' | 'decidesIn' | 'requestedBy'>,
  workspaceId: string,
  { offboardingUnattendedMode: policy }: Terms,
): Mode {
  if (offboarding.decidesIn.includes(workspaceId)) return offboarding.mode
  return isUnattended(offboarding) ? within(policy, offboarding.mode) : policy
}

/**
 * What happens to a key: what somebody chose for it where that is possible, else what the mode says. A token that
 * nobody saw is handed over with its key; one that is refused already is only ever made to stay so. Pure.
 */
export function planFor(key: Candidate, mode: Mode, busy: boolean, now: Date, chosen?: Plan): Plan {
  const choices = choicesFor(key, now)
  if (chosen && choices.includes(chosen)) return chosen
  if (key.status === 'unrevealed' && choices.includes('hand-over')) return 'hand-over'
  const wanted = mode === 'by-use' ? (busy ? 'rotate' : 'revoke') : mode
  return choices.includes(wanted) ? wanted : choices[0]!
}
