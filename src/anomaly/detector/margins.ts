import {
  almost, burstLevels, burstsKnown, burstsWider, enoughRecords, fewInBucket, fewRecords, quietShare, ready, standsOut, youngDays, youngFactor,
} from './constants.ts' // biome-ignore format: a list
import type { Summary } from './rings.ts'
import type { KeyState } from './state.ts'

/** Days since the key was first seen, at least half of one. */
export const age = (state: KeyState) => Math.max(0.5, state.day - state.firstDay)

/** Least margins are wider for a key without habits. */
export const leastMargin = (state: KeyState, least: number) =>
  age(state) >= youngDays ? least : least * (1 + youngFactor / age(state))

/** The margin above a record, wider while there are few of them. */
export const fromRecords = ({ days }: Summary, margin: number) =>
  days >= enoughRecords ? margin : margin * (1 + fewRecords / Math.max(1, days))

/** Bursts stand out from what is between them. */
export const hasBursts = (state: KeyState) =>
  Math.exp(state.sizeMean) > standsOut * state.quietLevel + fewInBucket

/** A key of few, separate bursts: its tails are heavy, and bursts are what can be compared. */
export const mostlyQuiet = (state: KeyState) =>
  state.activeShare < quietShare && (state.quietLevel < 1 || hasBursts(state))

/** Enough bursts are known to say what is usual. */
export const burstsAreKnown = (state: KeyState) => state.bursts >= burstsKnown && hasBursts(state)

/** A key of few bursts that stand out. */
const isOfBursts = (state: KeyState) => mostlyQuiet(state) && hasBursts(state)

/**
 * The score of a level (five minutes, an hour, a day). On a key of bursts a moderate one says little: its bursts are
 * judged by their length too, and that is the better evidence.
 */
export const ofLevel = (state: KeyState, score: number) =>
  score >= 1 && score < burstLevels && isOfBursts(state) ? almost : score

/**
 * Where bursts stand out, the highest hour and five minutes are those of a burst, and few bursts say little about the
 * next: wider margins, the more so the fewer are known.
 */
export const fewBursts = (state: KeyState) => (isOfBursts(state) ? 1 + burstsWider / state.bursts : 1)

/** How much a score about hours and windows counts yet: nothing before `days`. */
export const isReady = (state: KeyState, days: number) => state.day - state.firstDay >= days

/** A key of bursts of which too little is known yet to say when they come. */
export const hasNoTimes = (state: KeyState) => isOfBursts(state) && !isReady(state, ready.quiet)
