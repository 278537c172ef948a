/** Why the detector finds a key's use strange. The order is the layout of stored states: append only. */
const stepped = [
  'spike',
  'busy-hour',
  'unusual-time',
  'slow-burn',
  'new-activity',
  'errors',
  'silence',
  'new-network',
  'probing',
  'fall',
] as const
/** `person`: by hand. It is judged from sources, and not by a step. */
export type Reason = (typeof stepped)[number] | 'person'
export const reasons: readonly Reason[] = stepped

/** How suspicious something is: 1 and more is worth a message. */
export type Suspicion = { reason: Reason; score: number }

/** The stronger of two. */
export const stronger = (a: Suspicion | undefined, b: Suspicion): Suspicion =>
  a && a.score >= b.score ? a : b

/**
 * Below what alerts, the reasons have different habits: a second-highest five minutes ever is rare, a warm day is not.
 * With these powers an equal score is about equally rare on simulated keys to which nothing happened.
 */
const powers: Partial<Record<Reason, number>> = {
  spike: 1 / 3,
  'busy-hour': 2 / 3,
  silence: 2 / 3,
  'unusual-time': 3 / 2,
  'slow-burn': 3 / 2,
  fall: 3,
}

/** A score that can be compared with those of other reasons; from 1 on it stays what it is. */
export const calibrated = ({ reason, score }: Suspicion): Suspicion =>
  score > 0 && score < 1 ? { reason, score: score ** (powers[reason] ?? 1) } : { reason, score }
