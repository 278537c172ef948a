import type { Confirming, ConfirmingEffect, ConfirmingEvent } from '../../../src/leases/confirming.ts'
import type { Learning, LearningEffect, LearningEvent } from '../../../src/verification/learning.ts'
import type { Code } from './code.ts'
import * as database from './database.ts'

type Verdict = 'VALID' | 'REVOKED'
type Lane = 'renew' | 'learn' | 'confirm' | 'verify'
type Question =
  | Extract<LearningEffect, { do: 'renew' | 'read' | 'acknowledge' }>
  | Extract<ConfirmingEffect, { do: 'read' | 'fence' | 'prove' | 'resolve' }>
  | { do: 'verify'; key: string; read: number }
type Answer = LearningEvent | ConfirmingEvent | Verdict | { kind: 'failed'; lane: Lane; reason: string }
/** A question on its way to the database, or, with an answer, on its way back. */
type Asked = { lane: Lane; at: number; question: Question; sentMs?: number; answer?: Answer }
/** `reads`: by key, the number of a read that may be joined. */
type Verifier = {
  state: Learning
  starts: number
  held: Record<string, Verdict>
  reads: Record<string, number>
}
type Changer = { state: Confirming; stage: 'idle' | 'drawn' | 'over'; drawn: number }
/** How often each thing may still happen. */
type Budget = Record<'renewals' | 'reads' | 'faults' | 'sweeps', number>

/** Times are relative to now, so that only ages are told apart; a lease is over after two steps of time. */
export type World = {
  db: database.Db
  /** what a promotion would leave */
  standby: database.Db | undefined
  verifiers: Verifier[]
  changers: Changer[]
  asked: Asked[]
  /** the acknowledgements that a changer may hear, at any time and more than once */
  said: Record<string, number>
  /** whether the revocation of the observed key is confirmed */
  isConfirmed: boolean
  budget: Budget
}
export type Size = Budget & {
  verifiers: number
  /** each revokes its key once; changer and key have the same number, or all the one key */
  changers: number
  keys: number
  /** whether every answer may arrive late, not only those to renewals and to readings of the leases */
  isLate?: boolean
  /** every notification is lost */
  isDeaf?: boolean
}
export type Action = { name: string; run(world: World): void }

/** Every clock of a verifier is 2 % slow and every clock of a changer 2 % fast, as much as may be. */
const [slow, fast] = [0.98, 1.02]
const ttlMs = 100_000
/** Two of these are a lease for a changer, by a hair; a lease of a verifier has ended by then, by a hair. */
const tickMs = 49_025
const ages = 2
/** Changes that everybody has learnt, before the search begins. */
const before = 3
/**
 * Verifiers are interchangeable, and so are changers with their keys; and no memory has any effect on the protocol. So if
 * any verifier can accept any revoked key, the first one can accept the first, and only that memory is followed.
 */
const observed = 'k0'
const now = { monotonicMs: () => 0, wallMs: () => 0 }

const dump = (): database.Db => ({
  ...{ epoch: 'e0', epochs: 0, longestTtlMs: ttlMs, sequence: before, prunedTo: before },
  ...{ changes: [], revoked: [], leases: [] },
})
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value))
const momentOf = (ms: number) => ({ monotonicMs: ms, wallMs: ms })
const laneOf = (effect: LearningEffect & { lane?: Lane }): Lane => effect.lane ?? 'renew'
const isWaiting = ({ state }: Changer) => Object.keys(state.waits).length > 0
const older = (ms: number, rate: number) => Math.max(ms - tickMs * rate, -ages * tickMs * rate)
/** A table of a memory over plain data. */
const table = <V>(of: Record<string, V>) => ({
  get: (hash: string) => of[hash],
  set: (hash: string, value: V) => Object.assign(of, { [hash]: value }),
  delete: (hash: string) => delete of[hash],
  clear: () => Object.keys(of).forEach((hash) => void delete of[hash]),
})
const tables = ({ held, reads }: Verifier) => ({
  held: table(held),
  unknown: table<true>({}),
  reads: table(reads),
})

/** Whether an acknowledgement can end a wait. */
function isNews(
  { waits, stage, reading, acknowledged }: Confirming,
  incarnation: string,
  seq: number,
): boolean {
  const held = reading?.leases.find((lease) => lease.incarnation === incarnation)?.acknowledged
  const known = Math.max(acknowledged[incarnation] ?? 0, held ?? (stage?.kind === 'reading' ? 0 : seq))
  return seq > known && Object.values(waits).some((wait) => wait.seq <= seq && wait.seq > known)
}

export function openProtocol(code: Code, rules: database.Rules, size: Size) {
  const keyOf = (changer: number) => `k${changer % size.keys}`

  const memory = { held: table({ [observed]: 'VALID' }), unknown: table<true>({}), reads: table<string>({}) }
  const isLeaseNeeded =
    code.find(
      memory as never,
      observed,
      false,
      () => 'REVOKED',
      () => 'REVOKED',
    ) === 'REVOKED'

  function take(world: World, at: number, event: LearningEvent) {
    const verifier = world.verifiers[at]!
    const step = code.learn(verifier.state, event, () => `v${at}.${++verifier.starts}`)
    verifier.state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'flush') code.empty(tables(verifier))
      else if (effect.do === 'forget')
        code.evict(tables(verifier), String((effect.subject as { tokenHash: Buffer }).tokenHash))
      else if (effect.do !== 'pause')
        world.asked.push({
          lane: laneOf(effect),
          at,
          question: effect,
          ...(effect.do === 'renew' && { sentMs: 0 }),
        })
    }
  }

  function feed(world: World, at: number, event: ConfirmingEvent) {
    const changer = world.changers[at]!
    const step = code.confirm(changer.state, event, 0)
    changer.state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'end') {
        if (effect.outcome.isRecovered) lookUp(world, at)
      } else if (effect.do !== 'rest') world.asked.push({ lane: 'confirm', at, question: effect })
    }
  }

  /** At once: one that comes late is a reading of the leases that comes late. */
  function lookUp(world: World, at: number) {
    const change = world.db.changes.find(({ key }) => key === keyOf(at))
    const epoch = database.currentEpoch(world.db)
    if (change) feed(world, at, { kind: 'wanted', seq: change.seq, epoch })
  }

  /** The database does what it is asked. */
  function answerOf(world: World, { lane, question }: Asked): Answer {
    const { db } = world
    const isDurable = ['renew', 'prove', 'resolve'].includes(question.do)
    const answered = ((): Answer => {
      switch (question.do) {
        case 'verify':
          return db.revoked.includes(question.key) ? 'REVOKED' : 'VALID'
        case 'read':
          if ('after' in question)
            return {
              kind: 'page',
              lane: question.lane,
              page: database.changesAfter(db, question.after.seq - 1),
            }
          return {
            kind: 'read',
            reading: { epoch: database.currentEpoch(db), hasStandby: true, leases: copy(db.leases) },
          }
        case 'acknowledge': {
          const { incarnation, seq } = question
          const isKnown = database.acknowledgeChanges(db, rules, incarnation, seq)
          if (isKnown && !size.isDeaf) world.said[incarnation] = Math.max(seq, world.said[incarnation] ?? 0)
          return { kind: 'acknowledged', lane: question.lane, isKnown }
        }
        case 'renew': {
          const renewal = database.renewLease(db, rules, question, ttlMs)
          return { kind: 'renewed', renewal, sent: momentOf(0), received: momentOf(0) }
        }
        case 'fence':
          return { kind: 'fenced', isFenced: database.fenceLease(db, rules, question.lease) }
        case 'prove':
          return { kind: 'proven' }
        case 'resolve': {
          const resolved = database.resolveChanges(db, question.seq, question.epoch)
          if (!resolved) return { kind: 'failed', lane, reason: 'recovered' }
          world.isConfirmed ||= resolved.some(({ key }) => key === observed)
          return { kind: 'resolved', receipts: new Map() }
        }
      }
    })()
    if (isDurable) world.standby = copy(db)
    return answered
  }

  function deliver(world: World, asked: Asked, answer: Answer) {
    world.asked.splice(world.asked.indexOf(asked), 1)
    const { lane, at, question, sentMs = 0 } = asked
    if (question.do === 'verify') {
      const verifier = world.verifiers[at]!
      if (typeof answer === 'string') code.keep(tables(verifier), question.key, question.read, answer)
      else if (verifier.reads[question.key] === question.read) delete verifier.reads[question.key]
    } else if (lane === 'confirm') feed(world, at, answer as ConfirmingEvent)
    else if ((answer as LearningEvent).kind === 'renewed')
      take(world, at, { ...(answer as LearningEvent & { kind: 'renewed' }), sent: momentOf(sentMs) })
    else take(world, at, answer as LearningEvent)
  }

  function revoke(world: World, at: number) {
    database.commitChange(world.db, world.changers[at]!.drawn, keyOf(at))
    world.changers[at]!.stage = 'over'
    // A notification that comes late is a read that is answered late.
    if (!size.isDeaf)
      for (const verifier of world.verifiers.keys()) take(world, verifier, { kind: 'notified' })
    lookUp(world, at)
  }

  function actions(world: World): Action[] {
    const found: Action[] = []
    const add = (name: string, run: Action['run'], what?: keyof Budget) => {
      if (!what) found.push({ name, run })
      else if (world.budget[what] > 0)
        found.push({
          name,
          run(to) {
            to.budget[what]--
            run(to)
          },
        })
    }
    for (const [index, { lane, at, question, answer }] of world.asked.entries()) {
      const who = `${lane === 'confirm' ? 'changer' : 'verifier'} ${at}: ${question.do}${'lane' in question ? ` (${lane})` : ''}`
      const it = (to: World) => to.asked[index]!
      const failed = { kind: 'failed', lane, reason: 'lost' } as const
      const isSlow =
        (size.isLate && lane !== 'confirm') ||
        question.do === 'renew' ||
        question.do === 'verify' ||
        (lane === 'confirm' && question.do === 'read')
      if (answer) add(`${who} is answered`, (to) => deliver(to, it(to), it(to).answer!))
      else if (isSlow)
        add(`${who} is done by the database`, (to) => {
          it(to).answer = answerOf(to, it(to))
        })
      else add(`${who} is done`, (to) => deliver(to, it(to), answerOf(to, it(to))))
      add(`${who} is lost`, (to) => deliver(to, it(to), failed), 'faults')
      const isWrite = lane === 'confirm' && question.do !== 'read'
      if (isWrite && !answer)
        add(
          `${who} is done, and its answer is lost`,
          (to) => {
            answerOf(to, it(to))
            deliver(to, it(to), failed)
          },
          'faults',
        )
    }
    for (const [at, { state, held, reads }] of world.verifiers.entries()) {
      const who = `verifier ${at}`
      if (state.isResting)
        add(`${who}: it is time to renew`, (to) => take(to, at, { kind: 'due' }), 'renewals')
      if (at === 0 && !held[observed] && reads[observed] === undefined && code.holds(state.lease, now))
        add(
          `${who}: is asked for ${observed} and reads it`,
          (to) => {
            const read = to.budget.reads
            to.verifiers[at]!.reads[observed] = read
            to.asked.push({ lane: 'verify', at, question: { do: 'verify', key: observed, read } })
          },
          'reads',
        )
      add(`${who}: crashes and starts again`, (to) => boot(to, at), 'faults')
    }
    const orphan = Math.max(0, ...world.db.changes.map(({ seq, isConfirmed }) => (isConfirmed ? 0 : seq)))
    for (const [at, changer] of world.changers.entries()) {
      const { stage, state, drawn } = changer
      const who = `changer ${at}`
      const me = (to: World) => to.changers[at]!
      const draw = (to: World) => {
        me(to).drawn = database.drawNumber(to.db, rules)
      }
      const finish = (to: World) => {
        me(to).stage = 'over'
      }
      if (stage === 'idle' && rules.lock)
        add(`${who}: revokes ${keyOf(at)}`, (to) => {
          draw(to)
          revoke(to, at)
        })
      if (stage === 'idle' && !rules.lock)
        add(`${who}: draws a number to revoke ${keyOf(at)}`, (to) => {
          draw(to)
          me(to).stage = 'drawn'
        })
      if (stage === 'drawn') add(`${who}: commits, as change ${drawn}`, (to) => revoke(to, at))
      if (stage === 'idle') add(`${who}: its COMMIT is cut off and rolled back`, (to) => finish(to), 'faults')
      if (orphan > 0 && !isWaiting(changer))
        add(
          `${who}: sweeps up a change that nobody has confirmed`,
          (to) => feed(to, at, { kind: 'wanted', seq: orphan, epoch: database.currentEpoch(to.db) }),
          'sweeps',
        )
      if (isWaiting(changer)) {
        if (!state.stage) add(`${who}: looks again`, (to) => feed(to, at, { kind: 'due' }))
        for (const [incarnation, seq] of Object.entries(world.said))
          if (isNews(state, incarnation, seq))
            add(`${who}: hears that ${incarnation} acknowledged ${seq}`, (to) =>
              feed(to, at, { kind: 'heard', incarnation, seq }),
            )
      }
      const crash = (to: World) => {
        to.changers[at] = { state: code.newConfirming, stage: 'over', drawn: 0 }
        to.asked = to.asked.filter((one) => one.lane !== 'confirm' || one.at !== at)
      }
      if (stage !== 'over' || isWaiting(changer)) add(`${who}: crashes`, crash, 'faults')
    }
    add('time: half a lease passes', tick)
    const { db } = world
    const fault = (name: string, after: (to: World) => database.Db) =>
      add(`database: ${name}`, (to) => recover(to, after(to)), 'faults')
    fault('the standby is promoted', (to) => ({ ...copy(to.standby!), epoch: null, epochs: to.db.epochs }))
    fault('it crashes and recovers', (to) => ({ ...to.db, epoch: null }))
    fault('an older dump is restored', (to) => {
      to.isConfirmed = false
      return { ...dump(), epoch: rules.restoreBeginsEpoch ? null : 'e0', epochs: to.db.epochs }
    })
    // As many changes as were lost, before a verifier renews, are what nobody can recognise.
    if (size.changers === 1)
      add(
        'database: the log is loaded again in place, without its last changes',
        (to) => {
          Object.assign(to.db, { changes: [], prunedTo: 0, sequence: 0 })
          for (const lease of to.db.leases) lease.head_at_renewal = lease.acknowledged = 0
        },
        'faults',
      )
    if (db.changes.every(({ isConfirmed }) => isConfirmed))
      add(
        'database: much later the log is pruned, and its sequence starts again',
        (to) => {
          for (let age = 0; age < ages; age++) tick(to)
          Object.assign(to.db, { changes: [], prunedTo: database.newestChange(to.db), sequence: 0 })
        },
        'faults',
      )
    return found
  }

  function tick({ asked, verifiers, changers }: World) {
    for (const one of asked) if (one.sentMs !== undefined) one.sentMs = older(one.sentMs, slow)
    for (const { state } of verifiers) {
      if (state.lease) state.lease = { end: momentOf(state.lease.end.monotonicMs - tickMs * slow) }
      if (state.granted)
        state.granted = { ...state.granted, sent: momentOf(older(state.granted.sent.monotonicMs, slow)) }
    }
    for (const { state } of changers)
      for (const wait of Object.values(state.waits))
        if (wait.sinceMs !== undefined) wait.sinceMs = older(wait.sinceMs, fast)
  }

  /** Every connection is lost; what was answered before may still arrive. */
  function recover(world: World, db: database.Db) {
    world.db = db
    for (const one of world.asked) one.answer ??= { kind: 'failed', lane: one.lane, reason: 'lost' }
    for (const changer of world.changers) if (changer.stage === 'drawn') changer.stage = 'over'
  }

  function boot(world: World, at: number) {
    const starts = (world.verifiers[at]?.starts ?? 0) + 1
    world.asked = world.asked.filter((one) => one.lane === 'confirm' || one.at !== at)
    world.verifiers[at] = { state: code.newLearning(ttlMs, `v${at}.${starts}`), starts, held: {}, reads: {} }
    take(world, at, { kind: 'due' })
  }

  /** Every verifier has a lease, and remembers every key unless it may read one. */
  function begin(): World {
    const { verifiers, changers, keys: _, isLate: __, isDeaf: ___, ...budget } = size
    const changer = (): Changer => ({ state: code.newConfirming, stage: 'idle', drawn: 0 })
    const world: World = {
      ...{ db: dump(), standby: undefined, verifiers: [], asked: [], said: {}, isConfirmed: false, budget },
      changers: Array.from({ length: changers }, changer),
    }
    for (let at = 0; at < verifiers; at++) {
      boot(world, at)
      while (world.asked[0]) deliver(world, world.asked[0], answerOf(world, world.asked[0]))
    }
    if (size.reads === 0) world.verifiers[0]!.held[observed] = 'VALID'
    return world
  }

  /** A verify that starts now: would it be accepted? */
  function accepts({ db, asked, verifiers }: World): boolean {
    const first = verifiers[0]!
    const fromDatabase = () => (db.revoked.includes(observed) ? 'REVOKED' : 'VALID')
    type Found = string | number
    const mayAnswer = code.holds(first.state.lease, now)
    const found = code.find<string, Found>(
      tables(first) as never,
      observed,
      mayAnswer,
      fromDatabase,
      fromDatabase,
    )
    // A read that is joined: what was answered is on its way, and what was not will be read from now on.
    const isIt = ({ question }: Asked) => question.do === 'verify' && question.read === found
    return (typeof found === 'number' ? (asked.find(isIt)?.answer ?? fromDatabase()) : found) === 'VALID'
  }

  /**
   * What a changer has read and heard of leases is compared with the changes it waits for: those that have acknowledged
   * all of them are of no more account. What it hears before a reading is not in that reading.
   */
  function relevant({ waits, stage, reading, acknowledged }: Confirming): Partial<Confirming> {
    const newest = Math.max(0, ...Object.values(waits).map(({ seq }) => seq))
    if (stage?.kind === 'reading') return {}
    if (!reading) return { acknowledged: {} }
    const leases = reading.leases
      .map((lease) => ({
        ...lease,
        acknowledged: Math.max(lease.acknowledged, acknowledged[lease.incarnation] ?? 0),
      }))
      .filter((lease) => lease.acknowledged < newest)
    return { reading: { ...reading, leases }, acknowledged: {} }
  }

  /** Forgets what cannot matter any more and what nothing depends on, so that more states are the same. */
  function simplify(world: World) {
    for (const [at, { state }] of world.verifiers.entries()) {
      // A lease is for answering from memory, and only that of the first is followed.
      if (at > 0) {
        state.lease = undefined
        if (state.granted) state.granted.sent = momentOf(0)
      }
      if (!code.holds(state.lease, now)) state.lease = undefined
      if (state.learning) state.learning.term -= state.term.number
      Object.assign(state, { clockErrorMs: 0, leaseTrouble: undefined, deafness: undefined })
      Object.assign(state, { term: { ...state.term, number: 0 }, share: { replicas: 1, place: 0 } })
      if (state.granted) state.granted.received = momentOf(0)
    }
    for (const changer of world.changers) {
      const { stage, state } = changer
      if (stage === 'over' && !state.stage && !isWaiting(changer))
        Object.assign(changer, { state: code.newConfirming, drawn: 0 })
      changer.state = { ...changer.state, failure: undefined, ...relevant(state) }
      for (const wait of Object.values(state.waits)) Object.assign(wait, { waitedOut: [], waitingFor: [] })
    }
    if (world.budget.faults === 0) world.standby = undefined
    for (const one of world.asked) {
      if (one.at > 0 && one.sentMs) one.sentMs = 0
      if (typeof one.answer !== 'object' || one.answer.kind !== 'read') continue
      const { waits } = world.changers[one.at]!.state
      const newest = Math.max(0, ...Object.values(waits).map(({ seq }) => seq))
      const leases = one.answer.reading.leases.filter((lease) => lease.acknowledged < newest)
      one.answer = { kind: 'read', reading: { ...one.answer.reading, leases } }
    }
    const mayHear = ([, seq]: [string, number]) =>
      world.budget.faults + world.budget.sweeps > 0 ||
      world.changers.some(({ state }) => Object.values(state.waits).some((wait) => wait.seq <= seq))
    world.said = Object.fromEntries(Object.entries(world.said).filter(mayHear))
    const orderOf = ({ lane, at }: Asked) => `${lane} ${at}`
    world.asked.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    for (const { leases } of [world.db, world.standby ?? world.db])
      leases.sort((a, b) => (a.incarnation < b.incarnation ? -1 : 1))
    world.db.revoked.sort()
  }

  return {
    begin,
    simplify,
    actions,
    /** Whether a violation may still come: without reads a memory only shrinks, and nobody answers from it without a lease. */
    isOpen({ verifiers: [first], changers, isConfirmed, budget, asked }: World): boolean {
      const mayConfirm =
        isConfirmed || budget.sweeps > 0 || changers.some((one) => one.stage !== 'over' || isWaiting(one))
      const isRenewed = budget.renewals > 0 || asked.some(({ lane, at }) => lane === 'renew' && at === 0)
      const mayAnswer = first!.state.lease !== undefined || isRenewed || !isLeaseNeeded
      const isRead = budget.reads > 0 || asked.some(({ lane }) => lane === 'verify')
      return mayConfirm && (isRead || (mayAnswer && first!.held[observed] === 'VALID'))
    },
    /** The verify that breaks the promise, if there is one. */
    violation: (world: World): string | undefined =>
      world.isConfirmed && accepts(world)
        ? `verifier 0 accepts ${observed}, whose revocation is confirmed`
        : undefined,
  }
}
