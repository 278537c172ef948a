import type { Confirmed } from './receipt.ts'

/** A wait for the confirmation of one change, shared by all callers in this process. */
export type Wait = {
  seq: number
  /** whose number it is; undefined for the current one */
  epoch: string | undefined
  /** when the first reading that could see the change was answered, in this epoch */
  sinceMs?: number
  waitedOut: string[]
  waitingFor: string[]
  listeners: Set<(outcome: ConfirmationOutcome) => void>
}

/** Confirmed, with the receipt or without one when somebody else has written it; or the numbers are of another epoch. */
export type ConfirmationOutcome = { receipt?: Confirmed; isRecovered?: boolean }

export const newWait = (seq: number, epoch: string | undefined): Wait => ({
  ...{ seq, epoch, waitedOut: [], waitingFor: [], listeners: new Set() },
})

/** Starts over: readings of another epoch do not count. */
export function restart(wait: Wait): void {
  delete wait.sinceMs
  wait.waitedOut = []
}

export function end(wait: Wait, outcome: ConfirmationOutcome): void {
  for (const listeners of wait.listeners) listeners(outcome)
}

/** How the wait ended; undefined when it did not in so many real milliseconds. */
export async function outcomeOf(wait: Wait, withinMs: number): Promise<ConfirmationOutcome | undefined> {
  let listeners = (_outcome: ConfirmationOutcome) => {}
  let timer: NodeJS.Timeout | undefined
  const outcome = await new Promise<ConfirmationOutcome | undefined>((resolve) => {
    listeners = resolve
    timer = setTimeout(() => resolve(undefined), withinMs)
    wait.listeners.add(listeners)
  })
  clearTimeout(timer)
  wait.listeners.delete(listeners)
  return outcome
}
