import type { Extent } from './counter.ts'

/** The size of one batch, so that no request waits behind the making of all of them. */
const maxBatch: Extent = { cells: 1_000, sources: 250, recent: 16 }
/** The size of a batch when everything is flushed: then only the stopping of this process waits. */
const largeBatch: Extent = { cells: 10_000, sources: 5_000, recent: 5_000 }
/** An empty flush is sent this often: that nothing happened until now is news to a rotation. */
const quietMs = 10_000
/**
 * Sources are counted by the hour. When they are many, each second a tenth of them is flushed, those that wait the
 * longest, so that a busy source is one row in ten seconds.
 */
const fewSources = 2_500
const sourcesWaitSeconds = 10
/** Each key's last requests are one row to rewrite, so that this bounds what a flush costs. */
const recentKeysPerFlush = 64
/** Batches are spread over this part of a second, so that no request meets all of them at once. */
const spreadMs = 800
/** Fewer cells than this are not worth spreading. */
const fewCells = 100

/** The counts of so many keys under one number; `through`: until when everything is flushed once it is kept. */
export type Batch = { number: number; keys: Extent; through: Date; isClosed: boolean }

/** The flush of each second, in batches spread over it. */
type Spread = { id: undefined; plan?: { left: Extent; sent: number; batches: number; begunMs: number } }
/** Everything at once; `isLast`: the batch under way is the last. */
type Whole = { id: number; isClosed: boolean; isLast: boolean }
type Work = (Spread | Whole) & { stage: 'keeping' | 'merging' | 'merging all' | 'resting'; through?: Date }

export type Flushing = {
  /** The batch that no answer has come to. It may be in the database, so it is sent again as it is. */
  frozen: Batch | undefined
  lastNumber: number
  flushedThrough: Date
  /** when anything was last sent */
  quietSinceMs: number
  work: Work | undefined
  /** flushes of everything, in the order in which they were asked for */
  wanted: readonly Whole[]
}

/** The counts that wait, by the calendar and by the monotonic clock, at an event. */
type Sight = { waiting: Extent; at: Date; nowMs: number }

export type FlushingEvent = Sight &
  (
    | { kind: 'second' }
    | { kind: 'wanted'; id: number; isClosed: boolean }
    /** the batch is in the database; whether a merge is due */
    | { kind: 'kept'; isDue: boolean }
    | { kind: 'merged'; isMore: boolean }
    | { kind: 'rested' }
    /** The question failed, and nobody knows whether it was carried out. */
    | { kind: 'failed'; error: unknown }
  )

/** A task for the shell, in this order. `send` and `merge` are questions, of which one is under way at a time. */
export type FlushingEffect =
  /** drain the counter into the values of this batch */
  | { do: 'freeze'; batch: Batch }
  /** send those values */
  | { do: 'send' }
  | { do: 'merge'; isAll: boolean }
  | { do: 'rest'; ms: number }
  /** that flush has ended; the one of a second has no id */
  | { do: 'end'; id: number | undefined; error?: unknown }

type Step = { state: Flushing; effects: FlushingEffect[] }

export const newFlushing = (at: Date): Flushing => ({
  frozen: undefined,
  lastNumber: 0,
  flushedThrough: at,
  // The first flush is at once: from then on it is known that this process counts.
  quietSinceMs: Number.NEGATIVE_INFINITY,
  work: undefined,
  wanted: [],
})

/**
 * The next state and the tasks after an event: a batch is frozen and numbered before it is first sent, and no other one
 * before an answer to it came, so that each counts once. Pure.
 */
export function flushStep(state: Flushing, event: FlushingEvent): Step {
  const { work } = state
  switch (event.kind) {
    case 'second':
      return work ? idle(state) : begin(state, { id: undefined, stage: 'keeping' }, event)
    case 'wanted': {
      const { id, isClosed } = event
      const next: Flushing = { ...state, wanted: [...state.wanted, { id, isClosed, isLast: false }] }
      return !work || work.stage === 'resting' ? goOn(next, event) : idle(next)
    }
    case 'kept': {
      const kept: Flushing = { ...state, frozen: undefined }
      return event.isDue
        ? { state: at(kept, 'merging'), effects: [{ do: 'merge', isAll: false }] }
        : goOn(kept, event)
    }
    case 'merged':
      if (work?.stage !== 'merging all') return goOn(state, event)
      return event.isMore ? mergeAll(state) : end(state, event)
    case 'rested':
      return work?.stage === 'resting' ? goOn(state, event) : idle(state)
    case 'failed':
      return end(state, event, { error: event.error })
  }
}

const idle = (state: Flushing): Step => ({ state, effects: [] })

const at = (state: Flushing, stage: Work['stage']): Flushing => ({
  ...state,
  work: { ...state.work!, stage },
})

/** An unanswered batch goes first, unchanged. */
const begin = (state: Flushing, work: Work, sight: Sight): Step =>
  state.frozen ? { state: { ...state, work }, effects: [{ do: 'send' }] } : goOn({ ...state, work }, sight)

function goOn(state: Flushing, sight: Sight): Step {
  const { work, wanted } = state
  if (!work) {
    const [next, ...later] = wanted
    return next ? begin({ ...state, wanted: later }, { ...next, stage: 'keeping' }, sight) : idle(state)
  }
  const dated = { ...work, through: work.through ?? sight.at }
  return work.id === undefined
    ? spread(state, dated as Spread & Dated, sight)
    : whole(state, dated as Whole & Dated, sight)
}

type Dated = { stage: Work['stage']; through: Date }

function spread(state: Flushing, work: Spread & Dated, sight: Sight): Step {
  const plan = work.plan ?? planOf(sight)
  const { left, sent, batches, begunMs } = plan
  if (!work.plan && isNothing(left) && begunMs - state.quietSinceMs < quietMs) return end(state, sight)
  if (sent === batches || state.wanted.length > 0) return end(state, sight)
  const spareMs = (spreadMs * sent) / batches - (sight.nowMs - begunMs)
  if (spareMs > 0)
    return {
      state: { ...state, work: { ...work, stage: 'resting' } },
      effects: [{ do: 'rest', ms: spareMs }],
    }
  const keys = eachOf(left, (count) => Math.ceil(count / (batches - sent)))
  const rest = { ...plan, left: eachOf(left, (count, kind) => count - keys[kind]), sent: sent + 1 }
  const through = rest.sent === batches ? work.through : state.flushedThrough
  return freeze({ ...state, quietSinceMs: begunMs, work: { ...work, plan: rest } }, keys, through, false)
}

/** Everything, so that it can be read when this ends. */
function whole(state: Flushing, work: Whole & Dated, { waiting }: Sight): Step {
  if (work.isLast) return mergeAll(state)
  const isLast = isWithin(waiting, largeBatch)
  const through = isLast ? work.through : state.flushedThrough
  return freeze({ ...state, work: { ...work, isLast } }, largeBatch, through, work.isClosed && isLast)
}

function freeze(state: Flushing, keys: Extent, through: Date, isClosed: boolean): Step {
  const batch = { number: state.lastNumber + 1, keys, through, isClosed }
  const frozen: Flushing = { ...state, frozen: batch, lastNumber: batch.number, flushedThrough: through }
  return { state: at(frozen, 'keeping'), effects: [{ do: 'freeze', batch }, { do: 'send' }] }
}

const mergeAll = (state: Flushing): Step => ({
  state: at(state, 'merging all'),
  effects: [{ do: 'merge', isAll: true }],
})

function end(state: Flushing, sight: Sight, failure: { error?: unknown } = {}): Step {
  const next = goOn({ ...state, work: undefined }, sight)
  return { state: next.state, effects: [{ do: 'end', id: state.work?.id, ...failure }, ...next.effects] }
}

function planOf({ waiting, nowMs }: Sight): NonNullable<Spread['plan']> {
  const aTenth = Math.max(fewSources, Math.ceil(waiting.sources / sourcesWaitSeconds))
  const left = {
    cells: waiting.cells,
    sources: Math.min(waiting.sources, aTenth),
    recent: Math.min(waiting.recent, recentKeysPerFlush),
  }
  return { left, sent: 0, batches: batchesOf(left), begunMs: nowMs }
}

const eachOf = (extent: Extent, of: (count: number, kind: keyof Extent) => number): Extent => ({
  cells: of(extent.cells, 'cells'),
  sources: of(extent.sources, 'sources'),
  recent: of(extent.recent, 'recent'),
})

const isNothing = ({ cells, sources, recent }: Extent) => cells + sources + recent === 0

const isWithin = ({ cells, sources, recent }: Extent, one: Extent) =>
  cells <= one.cells && sources <= one.sources && recent <= one.recent

/** How many batches hold so much: one for little, up to ten for what would fit into less, else as many as it takes. */
function batchesOf({ cells, sources, recent }: Extent): number {
  const full = Math.max(cells / maxBatch.cells, sources / maxBatch.sources, recent / maxBatch.recent)
  return Math.max(1, Math.min(10, Math.ceil(cells / fewCells)), Math.ceil(full))
}
