import { dayMs, hourMs } from '../foundation/time.ts'
/** Lengths of time that usage is summed up by. */
export type Step = 'five-minutes' | 'hour' | 'day'

export const stepMs: Readonly<Record<Step, number>> = {
  'five-minutes': 300_000,
  hour: hourMs,
  day: dayMs,
}

/** The beginning of the step that holds this moment. Hours and days are those of UTC. */
export const stepOf = (at: Date, step: Step): Date =>
  new Date(Math.floor(at.getTime() / stepMs[step]) * stepMs[step])
