import { setTimeout as pause } from 'node:timers/promises'
import { type DedicatedConnection, openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { Log } from '../foundation/log.ts'
import {
  acknowledge,
  changesAfter,
  type Page,
  type Position,
  positionAfter,
  type Subject,
} from '../leases/changes.ts'
import {
  greatestSkewMs,
  holds,
  type Lease,
  leaseFrom,
  momentOf,
  type RealTime,
  skewMs,
} from '../leases/lease.ts'
import { type Renewal, release, renew } from '../leases/renew.ts'

export type ForgettingMemory = { forget(subject: Subject): void; flush(): void }

export type LearnerOptions = {
  databaseUrl: string
  log: Log
  time: RealTime
  ttlMs: number
  /** names this process in receipts */
  name: string
  newIncarnation(): string
}

/**
 * Keeps a memory fit to answer from: renews the lease, learns what changed, lets the memory forget it, and only
 * then acknowledges. Two connections, so that a slow acknowledgement does not hold up a renewal.
 */
export type Learner = {
  mayAnswer(): boolean
  /** this verifier's part of all live ones: `place` of `replicas` */
  share(): { replicas: number; place: number }
  /** why there is no lease, for the readiness of this process */
  trouble(): string | undefined
  stop(): Promise<void>
}

/** From one emptying of the memory to the next. Answers that belong to an earlier term are dropped. */
type Term = { incarnation: string; epoch?: string; applied: number; isBegun: boolean }

export async function startLearner(memory: ForgettingMemory, options: LearnerOptions): Promise<Learner> {
  const { time, ttlMs, name, log } = options
  let lease: Lease | undefined
  let term = newTerm()
  let share = { replicas: 1, place: 0 }
  let trouble: string | undefined = 'no lease yet'
  let isTroubleLogged = false
  const stopping = new AbortController()
  let hurry = new AbortController()

  const renewals = openDedicatedConnection(options.databaseUrl, {
    name: 'keywarden renew',
    timeoutMs: Math.min(Math.max(ttlMs / 2, 250), 2_000),
  })
  const news = openDedicatedConnection(options.databaseUrl, {
    name: 'keywarden learn',
    timeoutMs: 2_000,
    onConnect: (client) => {
      client.on('notification', learnSoon)
      return client.query('listen keywarden_changes')
    },
    onLost: () => setTimeout(learnSoon, 100).unref(),
  })

  function newTerm(): Term {
    return { incarnation: options.newIncarnation(), applied: 0, isBegun: false }
  }

  /** Nothing that is remembered or being read may be used any more. */
  function startAgain() {
    lease = undefined
    term = newTerm()
    memory.flush()
  }

  async function renewOnce(): Promise<void> {
    const mine = term
    const sent = momentOf(time)
    const incarnation = { id: mine.incarnation, name, ttlMs }
    const renewal = await renew(renewals, incarnation, mine.applied, !mine.isBegun)
    if (term !== mine) return
    if (renewal.isFenced) {
      log.warn({ event: 'lease.lost' }, 'lost the lease; this verifier starts again with an empty memory')
      startAgain()
      return renewOnce()
    }
    if (!mine.isBegun || renewal.epoch !== mine.epoch || renewal.prunedTo > mine.applied) {
      memory.flush()
      term = { incarnation: mine.incarnation, epoch: renewal.epoch, applied: renewal.head, isBegun: true }
    }
    await catchUp(renewals, term, renewal.head)
    accept(renewal, sent)
  }

  function accept(renewal: Renewal, sent: ReturnType<typeof momentOf>) {
    const skew = skewMs(sent.wallMs, renewal.databaseMs, time.wallMs())
    trouble =
      skew > greatestSkewMs
        ? `the clock is ${Math.round(skew)} ms from the database's; each verify reads the database`
        : undefined
    logTrouble()
    lease = trouble || stopping.signal.aborted ? undefined : leaseFrom(sent, ttlMs)
    share = { replicas: Math.max(renewal.replicas, 1), place: renewal.place }
  }

  /** Once when it begins and once when it is over. */
  function logTrouble() {
    if (trouble && !isTroubleLogged)
      log.warn({ event: 'lease.renewal_failed', why: trouble }, 'failed to get a valid lease')
    if (!trouble && isTroubleLogged) log.info({ event: 'lease.renewed_again' }, 'the lease is renewed again')
    isTroubleLogged = trouble !== undefined
  }

  /** Applies and acknowledges all up to `head` at least. */
  async function catchUp(connection: DedicatedConnection, mine: Term, head: number): Promise<void> {
    let position: Position | undefined = positionAfter(mine.applied)
    while (mine.applied < head) {
      const page: Page = await changesAfter(connection, position ?? positionAfter(mine.applied))
      apply(mine, page)
      position = page.next
      if (!position) mine.applied = Math.max(mine.applied, head)
      await acknowledge(connection, mine.incarnation, mine.applied)
    }
  }

  function apply(mine: Term, { changes, through }: Page) {
    for (const { subjects } of changes) for (const subject of subjects) memory.forget(subject)
    mine.applied = Math.max(mine.applied, through ?? 0)
  }

  let isWanted = false
  let isDeaf = false
  let learning: Promise<void> | undefined
  function learnSoon() {
    isWanted = true
    if (learning || stopping.signal.aborted) return
    learning = learn()
      .then(
        () => {
          isDeaf = false
        },
        (error) => {
          if (!isDeaf)
            log.warn(
              { event: 'lease.changes_unreadable', error: String(error) },
              'failed to read the change log',
            )
          isDeaf = true
        },
      )
      .finally(() => {
        learning = undefined
      })
  }

  async function learn() {
    let position: Position | undefined
    while (isWanted && term.isBegun) {
      isWanted = false
      const mine = term
      const page: Page = await changesAfter(news, position ?? positionAfter(mine.applied))
      position = undefined
      if (term !== mine || page.changes.length === 0) continue
      // Numbers of another epoch say nothing about this memory; the renewal empties it.
      if (page.epoch !== mine.epoch) return hurry.abort()
      const before = mine.applied
      apply(mine, page)
      position = page.next
      // A commit after this page was read sends its own notification.
      isWanted ||= position !== undefined
      // A page may end within its first change.
      if (mine.applied === before) continue
      if (!(await acknowledge(news, mine.incarnation, mine.applied))) return hurry.abort()
    }
  }

  async function keepRenewing() {
    while (!stopping.signal.aborted) {
      const isDone = await renewOnce().then(
        () => true,
        (error) => {
          trouble = `the lease cannot be renewed: ${String(error)}`
          logTrouble()
          return false
        },
      )
      learnSoon()
      first.resolve()
      hurry = new AbortController()
      const signal = AbortSignal.any([stopping.signal, hurry.signal])
      await pause(isDone ? ttlMs / 3 : Math.min(ttlMs / 10, 200), undefined, { signal }).catch(() => {})
    }
  }

  const first = firstTime()
  const renewing = keepRenewing()
  await first.promise
  return {
    mayAnswer: () => holds(lease, time),
    share: () => share,
    trouble: () => trouble,
    async stop() {
      lease = undefined
      stopping.abort()
      await Promise.all([renewing, learning])
      // A lease that is given back need not be waited out by the next change. One that could not be renewed cannot be.
      if (!trouble) await release(renewals, term.incarnation).catch(() => undefined)
      await Promise.all([renewals.close(), news.close()])
    },
  }
}

function firstTime() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
