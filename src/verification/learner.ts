import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { Log } from '../foundation/log.ts'
import { acknowledge, changesAfter, type Subject } from '../leases/changes.ts'
import { greatestSkewMs, holds, leaseAgeMs, momentOf, type RealTime } from '../leases/lease.ts'
import { release, renew } from '../leases/renew.ts'
import { type Learning, type LearningEffect, type LearningEvent, learn, newLearning } from './learning.ts'

export type ForgettingMemory = { forget(subject: Subject): void; flush(): void }

export type LearnerOptions = {
  databaseUrl: string
  log: Log
  time: RealTime
  ttlMs: number
  /** names this process in receipts */
  name: string
  newIncarnation(): string
  /** the database's time, asked for and answered at these moments of the monotonic clock */
  heardTime(databaseMs: number, sentMs: number, receivedMs: number): void
}

/**
 * Keeps a memory fit to answer from, as `learn` decides. Two connections, so that a slow acknowledgement does not hold up a
 * renewal.
 */
export type Learner = {
  mayAnswer(): boolean
  /** the one that its lease is given to: another after each loss of it */
  incarnation(): string
  /** this verifier's part of all live ones: `place` of `replicas` */
  share(): { replicas: number; place: number }
  /** what is wrong with the lease and with the clock, in sentences; nothing if all is well */
  troubles(): string[]
  /** milliseconds since its lease was last renewed; undefined without one */
  leaseAgeMs(): number | undefined
  /** how far this machine's clock was from the database's at the last renewal, at least */
  clockErrorMs(): number
  stop(): Promise<void>
}

/** Opens the connections and waits for the first attempt to get a lease. */
export async function startLearner(memory: ForgettingMemory, options: LearnerOptions): Promise<Learner> {
  const { time, ttlMs, name, log, newIncarnation } = options
  let state = newLearning(ttlMs, newIncarnation())
  let timer: NodeJS.Timeout | undefined
  let attempted = () => {}
  const firstAttempt = new Promise<void>((resolve) => {
    attempted = resolve
  })
  const underWay = new Set<Promise<void>>()

  const lanes = {
    renew: openDedicatedConnection(options.databaseUrl, {
      name: 'keywarden renew',
      timeoutMs: Math.min(Math.max(ttlMs / 2, 250), 2_000),
    }),
    learn: openDedicatedConnection(options.databaseUrl, {
      name: 'keywarden learn',
      timeoutMs: 2_000,
      onConnect: (client) => {
        client.on('notification', notified)
        return client.query('listen keywarden_changes')
      },
      onLost: () => setTimeout(notified, 100).unref(),
    }),
  }

  function notified() {
    take({ kind: 'notified' })
  }

  function take(event: LearningEvent) {
    const before = state
    const step = learn(state, event, newIncarnation)
    state = step.state
    report(log, before, state)
    for (const effect of step.effects) carryOut(effect)
  }

  function carryOut(effect: LearningEffect) {
    if (effect.do === 'forget') memory.forget(effect.subject)
    else if (effect.do === 'flush') memory.flush()
    else if (effect.do === 'pause') {
      attempted()
      timer = setTimeout(() => take({ kind: 'due' }), effect.ms)
    } else ask(effect)
  }

  type Question = Extract<LearningEffect, { do: 'renew' | 'read' | 'acknowledge' }>

  function ask(question: Question) {
    clearTimeout(question.do === 'renew' ? timer : undefined)
    const lane = question.do === 'renew' ? 'renew' : question.lane
    const asked = answerTo(question).then(take, (error) =>
      take({ kind: 'failed', lane, reason: String(error) }),
    )
    underWay.add(asked)
    void asked.finally(() => underWay.delete(asked))
  }

  async function answerTo(question: Question): Promise<LearningEvent> {
    if (question.do === 'read') {
      const { lane, after } = question
      return { kind: 'page', lane, page: await changesAfter(lanes[lane], after) }
    }
    if (question.do === 'acknowledge') {
      const { lane, incarnation, seq } = question
      return { kind: 'acknowledged', lane, isKnown: await acknowledge(lanes[lane], incarnation, seq) }
    }
    const { incarnation: id, applied, isBeginning } = question
    const sent = momentOf(time)
    const renewal = await renew(lanes.renew, { id, name, ttlMs }, applied, isBeginning)
    const received = momentOf(time)
    options.heardTime(renewal.databaseMs, sent.monotonicMs, received.monotonicMs)
    return { kind: 'renewed', renewal, sent, received }
  }

  take({ kind: 'due' })
  await firstAttempt
  return {
    mayAnswer: () => holds(state.lease, time),
    incarnation: () => state.term.incarnation,
    share: () => state.share,
    leaseAgeMs: () => leaseAgeMs(state.lease, ttlMs, time),
    clockErrorMs: () => state.clockErrorMs,
    troubles: () => troublesOf(state, holds(state.lease, time)),
    async stop() {
      take({ kind: 'stopping' })
      clearTimeout(timer)
      await Promise.all(underWay)
      // A lease that is given back need not be waited out by the next change. One that could not be renewed cannot be.
      if (!state.leaseTrouble) await release(lanes.renew, state.term.incarnation).catch(() => undefined)
      await Promise.all([lanes.renew.close(), lanes.learn.close()])
    },
  }
}

const clockTrouble = ({ clockErrorMs }: Learning): string | undefined =>
  clockErrorMs > greatestSkewMs
    ? `The clock is ${Math.round(clockErrorMs)} ms from the database's; the database's is used`
    : undefined

function troublesOf(state: Learning, mayAnswer: boolean): string[] {
  const { leaseTrouble } = state
  const lease = mayAnswer ? leaseTrouble : `No lease: ${leaseTrouble ?? 'it ran out'}`
  return [lease, clockTrouble(state)].filter((trouble) => trouble !== undefined)
}

/** Each trouble once when it begins and once when it is over. */
function report(log: Log, before: Learning, after: Learning) {
  if (after.term.incarnation !== before.term.incarnation)
    log.warn({ event: 'lease.lost' }, 'lost the lease; this verifier starts again with an empty memory')
  if (after.leaseTrouble && !before.leaseTrouble)
    log.warn({ event: 'lease.renewal_failed', why: after.leaseTrouble }, 'failed to get a valid lease')
  if (!after.leaseTrouble && before.leaseTrouble)
    log.info({ event: 'lease.renewed_again' }, 'the lease is renewed again')
  if (after.deafness && !before.deafness)
    log.warn({ event: 'lease.changes_unreadable', error: after.deafness }, 'failed to read the change log')
  const [wasWrong, isWrong] = [clockTrouble(before), clockTrouble(after)]
  if (isWrong && !wasWrong) log.warn({ event: 'clock.wrong', why: isWrong }, 'the clock is wrong')
  if (!isWrong && wasWrong) log.info({ event: 'clock.right_again' }, 'the clock is right again')
}
