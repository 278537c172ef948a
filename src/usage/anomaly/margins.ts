import {
  burstsKnown, enoughRecords, fewRecords, quietShare, ready, standsOut, youngDays, youngFactor,
} from './constants.ts' // biome-ignore format: a list
import type { Summary } from './rings.ts'
import type { KeyState } from './state.ts'

/** Days since the key was first seen, at least half of one. */
export const age = (state: KeyState) => Math.max(0.5, state.day - state.firstDay)

/** Least margins are wider for a key without habits. */
export const leastMargin = (state: KeyState, least: number) =>
  age(state) >= youngDays ? least : least * (1 + youngFactor / age(state))

/** What is added to a record, wider while there are few of them. */
export const fromRecords = ({ days }: Summary, margin: number) =>
  days >= enoughRecords ? margin : margin * (1 + fewRecords / Math.max(1, days))

/** Bursts stand out from what is between them. */
export const hasBursts = (state: KeyState) => Math.exp(state.sizeMean) > standsOut * state.quietLevel + 4

/** A key of few, separate bursts: its tails are heavy, and bursts are what can be compared. */
export const mostlyQuiet = (state: KeyState) => state.activeShare < quietShare

/** Enough bursts are known to say what is usual. */
export const burstsAreKnown = (state: KeyState) => state.bursts >= burstsKnown && hasBursts(state)

/**
 * How much a score about hours and windows counts yet: nothing before `days`, half while the records of a mostly quiet
 * key are still few.
 */
export function readiness(state: KeyState, days: number): number {
  const lived = state.day - state.firstDay
  if (lived < days) return 0
  return mostlyQuiet(state) && lived < ready.quiet ? 0.5 : 1
}
