import { isDeepStrictEqual } from 'node:util'
import type {
  Confirming,
  ConfirmingEffect,
  ConfirmingEvent,
  confirm,
} from '../../../src/leases/confirming.ts'
import type { Learning, LearningEffect, LearningEvent, learn } from '../../../src/verification/learning.ts'

/** One step that a process took. `begun` is the state before its first. */
export type Recorded =
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

/**
 * Goes through what each instance wrote down, and returns what nothing explains: a step that the step functions would not
 * have taken, an answer to what nobody asked, the end of a rest that nobody began, an acknowledgement that was heard and
 * that no verifier gave. Pure.
 */
export function replay(instances: readonly (readonly Recorded[])[], steps: Steps): Unexplained[] {
  const given = new Set<string>()
  for (const { effects } of instances.flat())
    for (const effect of effects)
      if (effect.do === 'acknowledge') given.add(`${effect.seq} ${effect.incarnation}`)
  return instances.flatMap((instance) => replayOne(instance, steps, given))
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

function replayOne(recorded: readonly Recorded[], steps: Steps, given: ReadonlySet<string>): Unexplained[] {
  const unexplained: Unexplained[] = []
  let state: unknown = recorded[0]?.begun
  /** by lane, what is asked there */
  const asked = new Map<string, string>()
  // A learner begins with the end of a rest.
  let resting = recorded[0]?.by === 'learn' ? 1 : 0
  for (const each of recorded) {
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
      return unexplained
    }
    for (const effect of each.effects) {
      if (questions.has(effect.do)) asked.set(laneOf(effect), effect.do)
      if (rests.has(effect.do)) resting++
    }
  }
  return unexplained
}
