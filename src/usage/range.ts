import { type Step, stepMs, stepOf } from './step.ts'

/** The ranges that a reader can choose. */
export const ranges = ['24h', '7d', '30d', '90d'] as const
export type Range = (typeof ranges)[number]

/** From a moment until before another. */
export type Period = { from: Date; to: Date }

/** A range as whole steps up to now, and the same stretch of time before it, for comparison. */
export type Window = Period & { step: Step; before: Period }

const shapes: Record<Range, { days: number; step: Step; comparedBy: Step }> = {
  '24h': { days: 1, step: 'five-minutes', comparedBy: 'five-minutes' },
  '7d': { days: 7, step: 'hour', comparedBy: 'five-minutes' },
  '30d': { days: 30, step: 'day', comparedBy: 'hour' },
  '90d': { days: 90, step: 'day', comparedBy: 'hour' },
}

/**
 * The last of the range's steps is the one that has begun and the range holds it, so that the bars of a picture add
 * up to the totals beside it. The stretch before is as long as what has passed of the range, up to the five minutes
 * or the hour that is still kept from so long ago.
 */
export function windowOf(range: Range, now: Date): Window {
  const { days, step, comparedBy } = shapes[range]
  const lengthMs = days * stepMs.day
  const earlier = (at: Date) => new Date(at.getTime() - lengthMs)
  const from = new Date(stepOf(now, step).getTime() + stepMs[step] - lengthMs)
  return { from, to: now, step, before: { from: earlier(from), to: stepOf(earlier(now), comparedBy) } }
}
