/** One verification as its caller saw it, on the one clock of the laboratory. */
export type Verified = { keyId: string; verifier: string; startMs: number; endMs: number; verdict: string }

/** A change that somebody was told is confirmed. Lost, pending and unknown outcomes are no confirmations, and not here. */
type Confirmation = { keyId: string; begunMs: number; confirmedMs: number }

/** A restore undoes what was confirmed after its dump was begun. */
export type Restore = { dumpedMs: number; begunMs: number; endedMs: number }

export type History = { confirmations: Confirmation[]; verifies: Verified[]; restores: Restore[] }

/** Whoever asked, and was not answered by a verifier, has not verified. */
export const unanswered = 'HTTP none'

/**
 * Whether the confirmation obliges the verify to refuse: it began later, and no restore may have undone the change before
 * it ended. What was begun before a restore was complete may have been confirmed by the database of before.
 */
const obliges = (confirmation: Confirmation, verify: Verified, restores: readonly Restore[]): boolean =>
  verify.startMs > confirmation.confirmedMs &&
  !restores.some(
    ({ dumpedMs, begunMs, endedMs }) =>
      confirmation.confirmedMs >= dumpedMs && confirmation.begunMs <= endedMs && verify.endMs >= begunMs,
  )

/**
 * Verifies that had to refuse, by their verdict, of how many pairs of a change and a verifier they were, those of them that
 * accepted, and how long after the confirmation. Pure.
 */
export function check({ confirmations, verifies, restores }: History): {
  afterConfirmation: Record<string, number>
  distinct: number
  accepted: (Verified & { afterMs: number })[]
} {
  const ofKey = new Map<string, Confirmation[]>()
  for (const each of confirmations) ofKey.set(each.keyId, [...(ofKey.get(each.keyId) ?? []), each])
  const afterConfirmation: Record<string, number> = {}
  const accepted: (Verified & { afterMs: number })[] = []
  const pairs = new Set<string>()
  for (const verify of verifies) {
    if (verify.verdict === unanswered) continue
    const binding = ofKey.get(verify.keyId)?.find((each) => obliges(each, verify, restores))
    if (!binding) continue
    pairs.add(`${verify.keyId} ${verify.verifier}`)
    afterConfirmation[verify.verdict] = (afterConfirmation[verify.verdict] ?? 0) + 1
    if (verify.verdict === 'VALID')
      accepted.push({ ...verify, afterMs: verify.startMs - binding.confirmedMs })
  }
  return { afterConfirmation, distinct: pairs.size, accepted }
}
