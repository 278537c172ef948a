import { dayMs } from '../foundation/time.ts'
import { isOver } from '../keys/key.ts'
import type { Policy } from '../policy/policy.ts'
import type { Candidate } from './leaver-keys.ts'
import { isUnattended, type Mode, type Offboarding, type Plan } from './offboarding.ts'

/** Whether the key was used within `busyDays`, so that ending it would be noticed. Pure. */
export const isBusy = (key: Pick<Candidate, 'lastUsedAt'>, now: Date, busyDays: number): boolean =>
  key.lastUsedAt !== null && now.getTime() - key.lastUsedAt.getTime() <= busyDays * dayMs

/** Whether the leaver can have seen a token, or may still reveal one. Making a key for somebody shows nothing. */
const couldSee = (key: Pick<Candidate, 'reasons'>): boolean =>
  key.reasons.some((reason) => reason !== 'created')

/** The plans that are possible for a key now, the default first. Pure. */
export function choicesFor(key: Candidate, now: Date): Plan[] {
  if (!couldSee(key) || isOver(key, now)) return ['keep']
  if (key.status === 'unrevealed') return ['hand-over', 'revoke', 'keep']
  if (key.status === 'inactive') return ['keep', 'revoke']
  return ['rotate', 'deactivate', 'revoke', 'keep']
}

/** Limits the mode that a system asks for: it may only ask for less than the policy, which can be undone. Pure. */
export const within = (limit: Mode, wanted: Mode): Mode => (wanted === 'deactivate' ? wanted : limit)

/** The mode in that workspace: the requested one where the requester decides, else that of its policy. Pure. */
export function modeIn(
  offboarding: Pick<Offboarding, 'mode' | 'decidesIn' | 'requestedBy'>,
  workspaceId: string,
  { offboardingUnattendedMode: own }: Policy,
): Mode {
  if (offboarding.decidesIn.includes(workspaceId)) return offboarding.mode
  return isUnattended(offboarding) ? within(own, offboarding.mode) : own
}

/**
 * The plan for a key: the chosen one where that is possible, else that of the mode. A token that nobody saw is handed
 * over with its key; a key that is refused already can only stay so. Pure.
 */
export function planFor(key: Candidate, mode: Mode, busy: boolean, now: Date, chosen?: Plan): Plan {
  const choices = choicesFor(key, now)
  if (chosen && choices.includes(chosen)) return chosen
  if (key.status === 'unrevealed' && choices.includes('hand-over')) return 'hand-over'
  const wanted = mode === 'by-use' ? (busy ? 'rotate' : 'revoke') : mode
  return choices.includes(wanted) ? wanted : choices[0]!
}
