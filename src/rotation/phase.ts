import { hourMs } from '../foundation/time.ts'
import type { KeySnapshot } from './key-snapshot.ts'
import type { Phase } from './rotation.ts'

/** The facts that decide the phase of a rotation, read at one moment. */
export type Facts = {
  old: KeySnapshot
  next: KeySnapshot
  /** when the new key was first seen to be accepted */
  usedAt: Date | null
  dueAt: Date
  /** until when every verifier that may have counted has flushed its counts; undefined when that cannot be known */
  flushedUntil: Date | undefined
  now: Date
}

type Rules = { silentBeforeFinishHours: number }

/** How long the old key has been silent: apparently, and as far as every verifier's flushed counts prove. */
export type Silence = {
  since: Date | null
  apparentMs: number
  provenMs: number | undefined
  neededMs: number
}

/** A key that was never used has been silent since it was revealed. Pure. */
export function silenceOf({ old, flushedUntil, now }: Facts, { silentBeforeFinishHours }: Rules): Silence {
  const since = old.lastUsedAt ?? old.revealedAt
  const until = (at: Date) => (since ? Math.max(0, at.getTime() - since.getTime()) : Number.POSITIVE_INFINITY)
  return {
    since,
    apparentMs: until(now),
    provenMs: flushedUntil && until(flushedUntil < now ? flushedUntil : now),
    neededMs: silentBeforeFinishHours * hourMs,
  }
}

/** Whether every request with the old key is refused for good already, so that ending it breaks nothing. Pure. */
const isOver = ({ old }: Pick<Facts, 'old'>): boolean => old.state === 'expired' || old.state === 'revoked'

/** Whether the new key has been accepted since its owner saw it. Pure. */
export const isUsed = ({ next, usedAt }: Pick<Facts, 'next' | 'usedAt'>): boolean =>
  usedAt !== null && next.revealedAt !== null && usedAt >= next.revealedAt

/**
 * How far a rotation has got. It ends by itself only when there is nothing left to do: the new key was revoked, or the
 * old one was and the new one is in use. Pure.
 */
export function phaseOf(facts: Facts, rules: Rules): Phase {
  const { old, next } = facts
  if (next.state === 'revoked') return 'aborted'
  if (next.state === 'unrevealed') return 'reveal'
  // A new key that is paused, or expired before anybody had switched, is no evidence for ending the old one.
  if (!isUsed(facts) || next.state !== 'active') return 'switch'
  if (old.state === 'revoked') return 'finished'
  if (isOver(facts)) return 'safe'
  const { apparentMs, provenMs, neededMs } = silenceOf(facts, rules)
  if (apparentMs < Math.min(hourMs, neededMs)) return 'switch'
  return provenMs !== undefined && provenMs >= neededMs ? 'safe' : 'silent'
}

/** The effect of the deadline: none yet, an end that breaks nothing or that policy wants, or a question to people. Pure. */
export function atDeadline(
  facts: Facts,
  rules: Rules & { cutAtDeadline: boolean },
): 'wait' | 'finish' | 'cut' | 'ask' {
  if (facts.now < facts.dueAt) return 'wait'
  const phase = phaseOf(facts, rules)
  if (phase === 'safe') return 'finish'
  // Until the new key was revealed somebody still has to have it.
  if (phase === 'reveal' || phase === 'finished' || phase === 'aborted') return 'ask'
  if (isOver(facts)) return 'finish'
  return rules.cutAtDeadline && facts.next.state === 'active' ? 'cut' : 'ask'
}

/** Why a rotation finishes by itself now; undefined while it does not. Pure. */
export function finishesBecause(
  facts: Facts,
  rules: Rules & { cutAtDeadline: boolean },
): 'old-revoked' | 'cut-at-deadline' | 'old-ended' | 'deadline' | undefined {
  if (phaseOf(facts, rules) === 'finished') return 'old-revoked'
  const deadline = atDeadline(facts, rules)
  if (deadline === 'cut') return 'cut-at-deadline'
  if (deadline !== 'finish') return undefined
  return isOver(facts) ? 'old-ended' : 'deadline'
}

/** The old key's own end, when it comes before the deadline while something may still use it. Pure. */
export function endsBeforeSwitch(facts: Facts, phase: Phase): Date | undefined {
  if (phase === 'safe' || phase === 'finished' || phase === 'aborted' || isOver(facts)) return undefined
  const { endsAt } = facts.old
  return endsAt && endsAt <= facts.dueAt ? endsAt : undefined
}
