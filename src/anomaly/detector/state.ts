import { burstGuess, hourBuckets, hourDays, recordDays } from './constants.ts'
import { reasons } from './reason.ts'

/** Raised with every change of the layout or of what a field means: older states are rebuilt from usage. */
const stateVersion = 5

const numbers = [
  'version',
  // The calendar: newest bucket (since 1970), the first day known, the open day and hour (local), buckets seen, and since a gap.
  'bucket', 'firstDay', 'day', 'hour', 'seen', 'unbroken',
  // The open hour, and how much of it has been seen.
  'hourSum', 'hourSeen',
  // Today's records so far.
  'topBucket', 'topHour', 'topHourAt', 'topUnusual', 'topSlow6', 'topSlow12', 'topSlow24', 'topSilence', 'topRun', 'topFall',
  // Summaries of the records, worked out once a day.
  'spikeRecord', 'spikeMargin', 'hourRecord', 'unusualMargin', 'slowMargin6', 'slowMargin12', 'slowMargin24',
  'silenceRecord', 'runRecord', 'fallMargin', 'quietLevel', 'slowBefore',
  // Comparable hours, worked out once an hour.
  'comparableHigh', 'comparableLow',
  // Silence, errors, runs and bursts under way.
  'silence', 'missing', 'errors', 'requests', 'errorEvidence', 'run', 'activeShare',
  'burstLength', 'burstSum', 'burstGap', 'bursts', 'lengthMean', 'lengthVariance', 'sizeMean', 'sizeVariance',
  // Alerts, and what is held back.
  'heldSince', 'heldLast', 'alertAt', 'alertScore',
] as const // biome-ignore format: grouped by what they are for

const rings = [
  'topBuckets',
  'topHours',
  'unusual',
  'slow6',
  'slow12',
  'slow24',
  'silences',
  'runs',
  'falls',
] as const

export type Numbers = Record<(typeof numbers)[number], number>
export type RingName = (typeof rings)[number]

/**
 * The state of one key, as fields that are views of one block of bytes: storing a state is storing `bytes`.
 * Numbers are 32-bit floats. Rings are 16-bit logarithms (rings.ts), zero where nothing is known.
 */
export type KeyState = Numbers & {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The last twelve buckets. */
  readonly buckets: Float32Array
  /** By reason: bucket and score of the last alert. */
  readonly alerted: Float32Array
  /** Requests by hour, `hourDays` days of them. */
  readonly hours: Uint16Array
  /** The day's record, by day. */
  readonly rings: Record<RingName, Uint16Array>
  /** The quiet level by day, and the quiet third of each of the last 24 hours. */
  readonly quietLevels: Uint16Array
  readonly quietThirds: Uint16Array
  /** In which five minutes of the day the busiest hour ended, by day. */
  readonly topHoursAt: Uint16Array
}

const shorts = hourDays * 24 + (rings.length + 2) * recordDays + 24
const floats = numbers.length + hourBuckets + reasons.length * 2

/** Bytes of one key's state: the same for any traffic. */
export const stateBytes = floats * 4 + shorts * 2

class Fields {
  readonly values: Float32Array
  constructor(values: Float32Array) {
    this.values = values
  }
}
for (const [index, name] of numbers.entries())
  Object.defineProperty(Fields.prototype, name, {
    get(this: Fields) {
      return this.values[index]
    },
    set(this: Fields, value: number) {
      this.values[index] = value
    },
  })

function view(buffer: ArrayBuffer): KeyState {
  let offset = 0
  const float = (length: number) => {
    const part = new Float32Array(buffer, offset, length)
    offset += length * 4
    return part
  }
  const short = (length: number) => {
    const part = new Uint16Array(buffer, offset, length)
    offset += length * 2
    return part
  }
  return Object.assign(new Fields(float(numbers.length)) as unknown as Numbers, {
    bytes: new Uint8Array(buffer),
    buckets: float(hourBuckets),
    alerted: float(reasons.length * 2),
    hours: short(hourDays * 24),
    rings: Object.fromEntries(rings.map((name) => [name, short(recordDays)])) as KeyState['rings'],
    quietLevels: short(recordDays),
    topHoursAt: short(recordDays),
    quietThirds: short(24),
  })
}

/** The state of a key of which nothing is known yet. */
export function newState(): KeyState {
  const state = view(new ArrayBuffer(stateBytes))
  resetState(state)
  return state
}

/** Makes a state that of a key of which nothing is known yet. */
export function resetState(state: KeyState): void {
  state.bytes.fill(0)
  state.version = stateVersion
  state.lengthMean = burstGuess.length
  state.lengthVariance = burstGuess.lengthVariance
  state.sizeVariance = burstGuess.sizeVariance
}

/** Whether a stored state can be opened. */
export const isCurrent = (stored: Uint8Array): boolean =>
  stored.byteLength === stateBytes &&
  new DataView(stored.buffer, stored.byteOffset).getFloat32(0, true) === stateVersion

/**
 * Makes a state what is stored; false, and unchanged, when that has another version or size, and must be rebuilt from usage.
 * To step many keys, reuse one state for one after the other: making its views of the bytes costs half as much as a step.
 */
export function loadState(state: KeyState, stored: Uint8Array): boolean {
  if (!isCurrent(stored)) return false
  state.bytes.set(stored)
  return true
}
