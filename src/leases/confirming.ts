import { judge, type LeaseRow } from './judge.ts'
import type { Confirmed, Evidence } from './receipt.ts'

/** Reading the leases costs little, and a notification may be lost. */
const pollMs = 100

/** A wait for the confirmation of one change, shared by all callers in this process. */
export type Wait = {
  seq: number
  /** whose number it is; undefined for the current one */
  epoch: string | undefined
  /** when the first reading that could see the change was answered, in this epoch */
  sinceMs?: number | undefined
  waitedOut: readonly string[]
  waitingFor: readonly string[]
}

/** Confirmed, with the receipt or without one when somebody else has written it; or the numbers are of another epoch. */
export type ConfirmationOutcome = { receipt?: Confirmed | undefined; isRecovered?: boolean }

/** One reading of the leases. */
export type Reading = { epoch: string; hasStandby: boolean; leases: readonly LeaseRow[] }

type Done = { seq: number; epoch: string; evidence: Omit<Evidence, 'tookMs'> }

type Stage =
  /** `open`: the waits whose change this reading will see */
  | { kind: 'reading'; open: readonly string[] }
  | { kind: 'fencing'; left: readonly LeaseRow[]; done: Done | undefined; hasStandby: boolean }
  | { kind: 'proving' | 'resolving'; done: Done }

export type Confirming = {
  /** by `nameOf` */
  waits: Readonly<Record<string, Wait>>
  /** what is under way, one thing at a time */
  stage: Stage | undefined
  /** something happened that may end a wait */
  again: boolean
  failure: string | undefined
  /** the last reading, as long as only acknowledgements can have changed for those who wait */
  reading: Reading | undefined
  /** that of the last reading */
  epoch: string | undefined
  /** the highest change that each incarnation acknowledged since the last reading began */
  acknowledged: Readonly<Record<string, number>>
}

export type ConfirmingEvent =
  | { kind: 'wanted'; seq: number; epoch: string | undefined }
  | { kind: 'heard'; seq: number; incarnation: string }
  /** the rest is over */
  | { kind: 'due' }
  | { kind: 'read'; reading: Reading }
  | { kind: 'fenced'; isFenced: boolean }
  | { kind: 'proven' }
  | { kind: 'resolved'; receipts: ReadonlyMap<number, Confirmed> }
  | { kind: 'failed'; reason: string }

/** A task for the shell. The first four are questions, of which one is under way at a time. */
export type ConfirmingEffect =
  | { do: 'read' }
  | { do: 'fence'; lease: LeaseRow }
  | { do: 'prove' }
  | ({ do: 'resolve' } & Done)
  | { do: 'end'; name: string; outcome: ConfirmationOutcome }
  | { do: 'rest'; ms: number }

type Step = { state: Confirming; effects: ConfirmingEffect[] }

export const nameOf = ({ seq, epoch }: Pick<Wait, 'seq' | 'epoch'>): string => `${seq} ${epoch}`

export const newConfirming: Confirming = {
  ...{ waits: {}, again: false, acknowledged: {} },
  ...{ stage: undefined, failure: undefined, reading: undefined, epoch: undefined },
}

/**
 * The next state and the tasks of a process that confirms changes: one reading of all leases serves every wait, and
 * acknowledgements after it spare the next; who is silent for a whole lease is fenced; a confirmation is durable before
 * anyone learns of it. Pure.
 * @param nowMs by the monotonic clock
 */
export function confirm(state: Confirming, event: ConfirmingEvent, nowMs: number): Step {
  switch (event.kind) {
    case 'wanted': {
      const name = nameOf(event)
      const wait = state.waits[name] ?? { seq: event.seq, epoch: event.epoch, waitedOut: [], waitingFor: [] }
      return go({ ...state, reading: undefined, waits: { ...state.waits, [name]: wait } }, nowMs)
    }
    case 'heard': {
      if (isNobodyWaiting(state)) return { state, effects: [] }
      const { incarnation, seq } = event
      const newest = Math.max(seq, state.acknowledged[incarnation] ?? 0)
      return go({ ...state, acknowledged: { ...state.acknowledged, [incarnation]: newest } }, nowMs)
    }
    case 'due':
      return go({ ...state, reading: undefined }, nowMs)
    case 'read':
      return read(state, event.reading, nowMs)
    case 'fenced':
      return fenced(state, event.isFenced, nowMs)
    case 'proven':
      return resolve(state, (state.stage as { done: Done }).done)
    case 'resolved':
      return resolved(state, event.receipts, nowMs)
    case 'failed':
      return { state: { ...state, ...idle, failure: event.reason }, effects: [{ do: 'rest', ms: pollMs }] }
  }
}

const idle = { stage: undefined, reading: undefined, again: false }

const isNobodyWaiting = ({ waits }: Confirming) => Object.keys(waits).length === 0

function go(state: Confirming, nowMs: number): Step {
  if (isNobodyWaiting(state)) return { state, effects: [] }
  if (state.stage) return { state: { ...state, again: true }, effects: [] }
  // A wait that began after the last reading may be for a lease that it did not have.
  const isRead = state.reading && Object.values(state.waits).every((wait) => wait.sinceMs !== undefined)
  if (isRead) return weigh({ ...state, again: false }, state.reading!, nowMs)
  // The reading holds all earlier acknowledgements, unless the database went back.
  const reading = { kind: 'reading', open: Object.keys(state.waits) } as const
  return { state: { ...state, stage: reading, again: false, acknowledged: {} }, effects: [{ do: 'read' }] }
}

function read(state: Confirming, reading: Reading, nowMs: number): Step {
  const { open } = state.stage as Extract<Stage, { kind: 'reading' }>
  const { epoch } = reading
  const waits: Record<string, Wait> = {}
  const effects: ConfirmingEffect[] = []
  for (const [name, before] of Object.entries(state.waits)) {
    // Readings of another epoch do not count.
    const wait = state.epoch === epoch ? before : { ...before, sinceMs: undefined, waitedOut: [] }
    if (!open.includes(name)) waits[name] = wait
    // Not the moment before the question: until it was answered, leases of another epoch may have been granted.
    else if (wait.epoch === undefined || wait.epoch === epoch)
      waits[name] = { ...wait, sinceMs: wait.sinceMs ?? nowMs }
    else effects.push({ do: 'end', name, outcome: { isRecovered: true } })
  }
  const weighed = weigh({ ...state, waits, epoch }, reading, nowMs)
  return { state: weighed.state, effects: [...effects, ...weighed.effects] }
}

function weigh(state: Confirming, reading: Reading, nowMs: number): Step {
  const leases = reading.leases.map((lease) => withAcknowledgements(lease, state.acknowledged))
  const waits = { ...state.waits }
  const left = new Map<string, LeaseRow>()
  let done: Done | undefined
  for (const [name, wait] of Object.entries(waits)) {
    if (wait.sinceMs === undefined) continue
    const { evidence, toFence, waitingFor } = judge(wait.seq, leases, nowMs - wait.sinceMs)
    for (const lease of toFence) left.set(lease.incarnation, lease)
    const names = [...waitingFor, ...toFence].map((lease) => lease.name)
    waits[name] = { ...wait, waitingFor: names }
    if (names.length === 0 && wait.seq > (done?.seq ?? 0))
      done = {
        seq: wait.seq,
        epoch: reading.epoch,
        evidence: { ...evidence, waitedOut: [...wait.waitedOut] },
      }
  }
  const { hasStandby } = reading
  return fenceNext(
    { ...state, waits, reading },
    { kind: 'fencing', left: [...left.values()], done, hasStandby },
    nowMs,
  )
}

/** Both only grow, so the greater one is true. */
const withAcknowledgements = (lease: LeaseRow, acknowledged: Confirming['acknowledged']): LeaseRow => ({
  ...lease,
  acknowledged: Math.max(lease.acknowledged, acknowledged[lease.incarnation] ?? 0),
})

function fenceNext(state: Confirming, stage: Extract<Stage, { kind: 'fencing' }>, nowMs: number): Step {
  const [lease] = stage.left
  if (lease) return { state: { ...state, stage }, effects: [{ do: 'fence', lease }] }
  const { done, hasStandby } = stage
  if (!done) return rest(state, nowMs)
  if (!hasStandby) return resolve(state, done)
  return { state: { ...state, stage: { kind: 'proving', done } }, effects: [{ do: 'prove' }] }
}

function fenced(state: Confirming, isFenced: boolean, nowMs: number): Step {
  const stage = state.stage as Extract<Stage, { kind: 'fencing' }>
  const [lease, ...left] = stage.left
  const waits = isFenced
    ? Object.fromEntries(
        Object.entries(state.waits).map(([name, wait]) => [
          name,
          { ...wait, waitedOut: [...wait.waitedOut, lease!.name] },
        ]),
      )
    : state.waits
  return fenceNext({ ...state, waits, reading: undefined, again: true }, { ...stage, left }, nowMs)
}

const resolve = (state: Confirming, done: Done): Step => ({
  state: { ...state, stage: { kind: 'resolving', done } },
  effects: [{ do: 'resolve', ...done }],
})

function resolved(state: Confirming, receipts: ReadonlyMap<number, Confirmed>, nowMs: number): Step {
  const { done } = state.stage as { done: Done }
  const waits = { ...state.waits }
  const effects: ConfirmingEffect[] = []
  for (const [name, { seq, sinceMs }] of Object.entries(waits)) {
    // One that began meanwhile has not been looked at.
    if (seq > done.seq || sinceMs === undefined) continue
    delete waits[name]
    effects.push({ do: 'end', name, outcome: { receipt: receipts.get(seq) } })
  }
  const rested = rest({ ...state, waits }, nowMs)
  return { state: rested.state, effects: [...effects, ...rested.effects] }
}

/** Until the first lease runs out that a wait is for, unless something has happened meanwhile. */
function rest(state: Confirming, nowMs: number): Step {
  const resting = { ...state, stage: undefined, failure: undefined }
  if (isNobodyWaiting(resting)) return { state: { ...resting, again: false }, effects: [] }
  if (resting.again) return go(resting, nowMs)
  const ends = Object.values(resting.waits).flatMap(({ waitingFor, sinceMs }) =>
    (resting.reading?.leases ?? [])
      .filter(({ name }) => waitingFor.includes(name))
      .map(({ ttl_ms }) => ttl_ms - (nowMs - (sinceMs ?? nowMs))),
  )
  return { state: resting, effects: [{ do: 'rest', ms: Math.max(0, Math.min(pollMs, ...ends)) }] }
}
