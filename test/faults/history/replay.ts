import { isDeepStrictEqual } from 'node:util'
import type {
  Confirming,
  ConfirmingEffect,
  ConfirmingEvent,
  confirm,
} from '../../../src/leases/confirming.ts'
import type { Learning, LearningEffect, LearningEvent, learn } from '../../../src/verification/learning.ts'

/** One step that a process took. `begun` is the state before its first. */
type Recorded =
  | { by: 'learn'; begun?: Learning; event: LearningEvent; effects: LearningEffect[]; after: Learning }
  | {
      by: 'confirm'
      begun?: Confirming
      event: ConfirmingEvent
      effects: ConfirmingEffect[]
      after: Confirming
      nowMs: number
    }

export type Steps = { learn: typeof learn; confirm: typeof confirm }

export type Unexplained = { why: string; by: string; event: LearningEvent | ConfirmingEvent }

/** The question that an event answers; the others are answers to none. */
const questionOf: Record<string, string> = {
  ...{ renewed: 'renew', page: 'read', acknowledged: 'acknowledge' },
  ...{ read: 'read', fenced: 'fence', proven: 'prove', resolved: 'resolve' },
}
const questions = new Set(Object.values(questionOf))
const rests = new Set(['pause', 'rest'])

const laneOf = (of: object): string => ('lane' in of ? String(of.lane) : 'renew')

/** The instance of the protocol that took a step, and the step. */
export type Taken = { instance: string; recorded: Recorded }

/** What was written down, each instance's steps in their order; it can be read again. */
export type Written = () => AsyncIterable<Taken>

/**
 * Goes through what each instance wrote down, and returns how many steps those were and what nothing explains: a step that
 * the step functions would not have taken, an answer to what nobody asked, the end of a rest that nobody began, an
 * acknowledgement that was heard and that no verifier gave. Reads twice, and keeps no step.
 */
export async function replay(
  written: Written,
  steps: Steps,
): Promise<{ count: number; unexplained: Unexplained[] }> {
  const given = new Set<string>()
  for await (const { recorded } of written())
    for (const effect of recorded.effects)
      if (effect.do === 'acknowledge') given.add(`${effect.seq} ${effect.incarnation}`)
  const instances = new Map<string, ReturnType<typeof openReplay>>()
  let count = 0
  for await (const { instance, recorded } of written()) {
    const one = instances.get(instance) ?? openReplay(recorded, steps, given)
    instances.set(instance, one)
    one.take(recorded)
    count++
  }
  return { count, unexplained: [...instances.values()].flatMap(({ unexplained }) => unexplained) }
}

/** Undefined for an event that cannot come in this state. */
function stepOf({ learn, confirm }: Steps, state: unknown, recorded: Recorded) {
  try {
    return recorded.by === 'learn'
      ? learn(state as Learning, recorded.event, () => recorded.after.term.incarnation)
      : confirm(state as Confirming, recorded.event, recorded.nowMs)
  } catch {
    return undefined
  }
}

/** The steps of one instance, of which this is the first. */
function openReplay(first: Recorded, steps: Steps, given: ReadonlySet<string>) {
  const unexplained: Unexplained[] = []
  let state: unknown = first.begun
  /** by lane, what is asked there */
  const asked = new Map<string, string>()
  // A learner begins with the end of a rest.
  let resting = first.by === 'learn' ? 1 : 0
  let isLost = false

  function take(each: Recorded): void {
    if (isLost) return
    const { by, event } = each
    const say = (why: string) => void unexplained.push({ why, by, event })
    const lane = laneOf(event)
    const question = asked.get(lane)
    if (event.kind === 'failed' || questionOf[event.kind]) {
      if (!question || (event.kind !== 'failed' && question !== questionOf[event.kind])) say('nobody asked')
      asked.delete(lane)
    }
    if (event.kind === 'due' && resting-- <= 0) say('nobody rested')
    if (event.kind === 'heard' && !given.has(`${event.seq} ${event.incarnation}`))
      say('nobody acknowledged it')
    const step = stepOf(steps, state, each)
    state = step?.state
    if (!isDeepStrictEqual(step, { state: each.after, effects: each.effects })) {
      say('another step follows')
      // Nothing that follows is in the state that was begun with.
      isLost = true
      return
    }
    for (const effect of each.effects) {
      if (questions.has(effect.do)) asked.set(laneOf(effect), effect.do)
      if (rests.has(effect.do)) resting++
    }
  }
  return { take, unexplained }
}
