import type { Period } from './range.ts'
import type { Reach } from './roll-up.ts'
import { type Step, stepMs } from './step.ts'

/** A stretch of time that is read from the table of one step. */
export type Segment = Period & { step: Step }

const coarser = { 'five-minutes': 'hour', hour: 'day' } as const

/**
 * Parts a period into the stretches of whole days, whole hours and the five minutes at its edges, as far as these
 * are summed up, so that as few rows as possible are read and each request is read once. Nothing coarser than
 * `coarsest` is used. Pure.
 */
export function planSegments(period: Period, coarsest: Step, watermarks: Reach): Segment[] {
  return part(period, 'five-minutes', coarsest, watermarks)
}

function part({ from, to }: Period, step: Step, coarsest: Step, watermarks: Reach): Segment[] {
  if (from >= to) return []
  const whole = { from, to, step }
  if (step === coarsest || step === 'day') return [whole]
  const next = coarser[step]
  const through = next === 'hour' ? watermarks.hours : watermarks.days
  const begin = new Date(Math.ceil(from.getTime() / stepMs[next]) * stepMs[next])
  const end = new Date(Math.floor(Math.min(to.getTime(), through.getTime()) / stepMs[next]) * stepMs[next])
  if (begin >= end) return [whole]
  return [
    ...part({ from, to: begin }, step, step, watermarks),
    ...part({ from: begin, to: end }, next, coarsest, watermarks),
    ...part({ from: end, to }, step, step, watermarks),
  ]
}
