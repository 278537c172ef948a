/** Lengths of time that usage is summed up by. */
export type Step = 'five-minutes' | 'hour' | 'day'

export const stepMs: Readonly<Record<Step, number>> = {
  'five-minutes': 300_000,
  hour: 3_600_000,
  day: 86_400_000,
}

/** The beginning of the step that holds this moment. Hours and days are those of UTC. */
export const stepOf = (at: Date, step: Step): Date =>
  new Date(Math.floor(at.getTime() / stepMs[step]) * stepMs[step])
