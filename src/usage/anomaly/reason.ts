/** Why a key's use is strange. The order is the layout of stored states: append only. */
export const reasons = [
  'spike',
  'busy-hour',
  'unusual-time',
  'slow-burn',
  'new-activity',
  'errors',
  'silence',
  'new-network',
  'probing',
] as const
export type Reason = (typeof reasons)[number]

/** How suspicious something is: 1 and more is worth a message. */
export type Suspicion = { reason: Reason; score: number }

/** The stronger of two. */
export const stronger = (a: Suspicion | undefined, b: Suspicion): Suspicion =>
  a && a.score >= b.score ? a : b
