import { type Page, type Position, positionAfter, type Subject } from '../leases/changes.ts'
import { type Lease, leaseFrom, type Moment, skewMs } from '../leases/lease.ts'
import type { Renewal } from '../leases/renew.ts'

/** The time from one emptying of the memory to the next. Answers of an earlier term are dropped. */
type Term = { number: number; incarnation: string; epoch?: string; applied: number; isBegun: boolean }

/** The two connections of a learner. Each has at most one question under way. */
type Lane = 'renew' | 'learn'

/** A renewal whose changes are not all applied yet. */
type Granted = { renewal: Renewal; sent: Moment; received: Moment; next?: Position | undefined }

export type Learning = {
  ttlMs: number
  term: Term
  lease: Lease | undefined
  /** this verifier's part of all live ones: `place` of `replicas` */
  share: { replicas: number; place: number }
  /** why there is no new lease */
  leaseTrouble: string | undefined
  /** how far the clock of this machine is from the database's, at least */
  clockErrorMs: number
  isStopping: boolean
  /** whether a pause between two renewals is on */
  isResting: boolean
  granted: Granted | undefined
  learning: { term: number; next?: Position | undefined } | undefined
  /** a change may be there that nobody has read */
  isWanted: boolean
  /** why the log of changes cannot be read */
  deafness: string | undefined
}

/** An event. Answers to a question come back with the lane on which it was asked. */
export type LearningEvent =
  /** the pause is over */
  | { kind: 'due' }
  | { kind: 'renewed'; renewal: Renewal; sent: Moment; received: Moment }
  | { kind: 'page'; lane: Lane; page: Page }
  | { kind: 'acknowledged'; lane: Lane; isKnown: boolean }
  | { kind: 'failed'; lane: Lane; reason: string }
  /** the database notified of a change, or the connection for that was lost */
  | { kind: 'notified' }
  | { kind: 'stopping' }

/** A task for the shell, in this order. The first three are questions. */
export type LearningEffect =
  | { do: 'renew'; incarnation: string; applied: number; isBeginning: boolean }
  | { do: 'read'; lane: Lane; after: Position }
  | { do: 'acknowledge'; lane: Lane; incarnation: string; seq: number }
  | { do: 'forget'; subject: Subject }
  | { do: 'flush' }
  | { do: 'pause'; ms: number }

type Step = { state: Learning; effects: LearningEffect[] }

export const newLearning = (ttlMs: number, incarnation: string): Learning => ({
  ttlMs,
  term: { number: 0, incarnation, applied: 0, isBegun: false },
  lease: undefined,
  share: { replicas: 1, place: 0 },
  leaseTrouble: undefined,
  clockErrorMs: 0,
  isStopping: false,
  isResting: true,
  granted: undefined,
  learning: undefined,
  isWanted: false,
  deafness: undefined,
})

/**
 * The next state and the tasks after an event: renew, learn what changed, let the memory forget it, and only then
 * acknowledge. Pure.
 * @param newIncarnation an id for the next term, should one begin
 */
export function learn(state: Learning, event: LearningEvent, newIncarnation: () => string): Step {
  if (event.kind === 'stopping')
    return { state: { ...state, isStopping: true, lease: undefined }, effects: [] }
  if (state.isStopping) return { state, effects: [] }
  if (event.kind === 'notified') return readNews({ ...state, isWanted: true })
  if (event.kind === 'due') return state.isResting ? renewNow(state) : { state, effects: [] }
  if (event.kind === 'renewed') return renewed(state, event, newIncarnation)
  if (event.kind === 'failed')
    return event.lane === 'renew' ? notRenewed(state, event.reason) : deaf(state, event.reason)
  if (event.lane === 'renew') {
    if (event.kind === 'page') return carried(state, event.page)
    // The database has gone back since the renewal: what it carried may not have been in the log that was read.
    return event.isKnown ? caughtUp(state) : fenced(state, newIncarnation)
  }
  return event.kind === 'page' ? news(state, event.page) : acknowledged(state, event.isKnown)
}

const then = ({ state, effects }: Step, next: (state: Learning) => Step): Step => {
  const after = next(state)
  return { state: after.state, effects: [...effects, ...after.effects] }
}

const renewNow = (state: Learning): Step => {
  const { incarnation, applied, isBegun } = state.term
  const effect: LearningEffect = { do: 'renew', incarnation, applied, isBeginning: !isBegun }
  return { state: { ...state, isResting: false }, effects: [effect] }
}

function renewed(
  state: Learning,
  { renewal, sent, received }: Granted & { kind: 'renewed' },
  newIncarnation: () => string,
): Step {
  const { term } = state
  if (renewal.isFenced) return fenced(state, newIncarnation)
  const granted = { renewal, sent, received }
  if (term.isBegun && renewal.epoch === term.epoch && renewal.prunedTo <= term.applied)
    return caughtUp({ ...state, granted })
  const { incarnation } = term
  const { epoch, head } = renewal
  const begun = { number: term.number + 1, incarnation, epoch, applied: head, isBegun: true }
  return then({ state: { ...state, granted, term: begun }, effects: [{ do: 'flush' }] }, caughtUp)
}

const fenced = (state: Learning, newIncarnation: () => string): Step =>
  then(startAgain(state, newIncarnation()), renewNow)

/** Nothing that is remembered or being read may be used any more. */
const startAgain = (state: Learning, incarnation: string): Step => ({
  state: {
    ...state,
    lease: undefined,
    granted: undefined,
    term: { number: state.term.number + 1, incarnation, applied: 0, isBegun: false },
  },
  effects: [{ do: 'flush' }],
})

/** The lease counts once everything up to the head of its renewal is applied and acknowledged. */
function caughtUp(state: Learning): Step {
  const { renewal, next } = state.granted!
  if (state.term.applied >= renewal.head) return accept(state)
  return { state, effects: [{ do: 'read', lane: 'renew', after: next ?? positionAfter(state.term.applied) }] }
}

function carried(state: Learning, page: Page): Step {
  const granted = { ...state.granted!, next: page.next }
  return then(apply({ ...state, granted }, page), (applied) => {
    const isLast = page.next === undefined
    const upTo = isLast ? Math.max(applied.term.applied, granted.renewal.head) : applied.term.applied
    return acknowledge({ ...applied, term: { ...applied.term, applied: upTo } }, 'renew')
  })
}

const apply = (state: Learning, { changes, through }: Page): Step => ({
  state: { ...state, term: { ...state.term, applied: Math.max(state.term.applied, through ?? 0) } },
  effects: changes.flatMap(({ subjects }) =>
    subjects.map((subject): LearningEffect => ({ do: 'forget', subject })),
  ),
})

const acknowledge = (state: Learning, lane: Lane): Step => ({
  state,
  effects: [{ do: 'acknowledge', lane, incarnation: state.term.incarnation, seq: state.term.applied }],
})

function accept(state: Learning): Step {
  const { renewal, sent, received } = state.granted!
  const clockErrorMs = skewMs(sent.wallMs, renewal.databaseMs, received.wallMs)
  const lease = leaseFrom(sent, state.ttlMs)
  const share = { replicas: Math.max(renewal.replicas, 1), place: renewal.place }
  return rest({ ...state, lease, share, clockErrorMs, leaseTrouble: undefined }, state.ttlMs / 3)
}

const notRenewed = (state: Learning, reason: string): Step =>
  rest({ ...state, leaseTrouble: `the lease cannot be renewed: ${reason}` }, Math.min(state.ttlMs / 10, 200))

/** Until the next renewal; what a lost notification was about is read meanwhile. */
const rest = (state: Learning, ms: number): Step =>
  then(
    {
      state: { ...state, granted: undefined, isResting: true, isWanted: true },
      effects: [{ do: 'pause', ms }],
    },
    readNews,
  )

/** Reads what is new, if that is wanted, possible and not being done. */
function readNews(state: Learning, next?: Position): Step {
  if (state.learning || !state.isWanted || !state.term.isBegun) return { state, effects: [] }
  const { number, applied } = state.term
  return {
    state: { ...state, isWanted: false, learning: { term: number } },
    effects: [{ do: 'read', lane: 'learn', after: next ?? positionAfter(applied) }],
  }
}

/** The numbers or the memory are of another time; the renewal finds out. */
const renewSoon = (state: Learning): Step => {
  const idle: Learning = { ...state, learning: undefined }
  return idle.isResting ? renewNow(idle) : { state: idle, effects: [] }
}

function news(state: Learning, page: Page): Step {
  const { term } = state
  const heard: Learning = { ...state, deafness: undefined }
  if (state.learning!.term !== term.number || page.changes.length === 0)
    return readNews({ ...heard, learning: undefined })
  // Numbers of another epoch say nothing about this memory; the renewal empties it.
  if (page.epoch !== term.epoch) return renewSoon(heard)
  return then(apply(heard, page), (applied) => {
    const { next } = page
    // A commit after this page was read sends its own notification.
    const more = { ...applied, isWanted: applied.isWanted || next !== undefined }
    // A page may end within its first change.
    if (more.term.applied === term.applied) return readNews({ ...more, learning: undefined }, next)
    return acknowledge({ ...more, learning: { ...state.learning!, next } }, 'learn')
  })
}

function acknowledged(state: Learning, isKnown: boolean): Step {
  if (!isKnown) return renewSoon(state)
  const { term, next } = state.learning!
  // The position is of the term in which it was read.
  return readNews({ ...state, learning: undefined }, term === state.term.number ? next : undefined)
}

const deaf = (state: Learning, reason: string): Step => ({
  state: { ...state, learning: undefined, deafness: reason },
  effects: [],
})
