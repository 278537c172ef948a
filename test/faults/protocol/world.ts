import type { Confirming, ConfirmingEffect, ConfirmingEvent } from '../../../src/leases/confirming.ts'
import type { Learning, LearningEffect, LearningEvent } from '../../../src/verification/learning.ts'
import type { Code } from './code.ts'
import { type Db, dump, newest, openDatabase, type Rules, ttlMs } from './database.ts'

type Verdict = 'VALID' | 'REVOKED'
type Question =
  | Extract<LearningEffect, { do: 'renew' | 'read' | 'acknowledge' }>
  | Extract<ConfirmingEffect, { do: 'read' | 'fence' | 'prove' | 'resolve' }>
  | { do: 'verify'; read: number }
type Answer = LearningEvent | ConfirmingEvent | Verdict
/** A question on its way to the database, or, with an answer, on its way back. */
type Asked = {
  lane: 'renew' | 'learn' | 'confirm' | 'verify'
  at: number
  question: Question
  sentMs: number
  answer?: Answer
}
type Memory = { held: Record<string, Verdict>; reads: Record<string, number> }
type Verifier = Memory & { state: Learning; starts: number }
type Changer = { state: Confirming; stage: 'idle' | 'drawn' | 'over'; drawn: number }
/** How often each thing may still happen. */
type Budget = Record<'renewals' | 'reads' | 'faults' | 'sweeps', number>

/** Times are relative to now, so that only ages are told apart; a lease is over after two steps of time. */
export type World = {
  db: Db
  /** what a promotion would leave */
  standby: Db
  verifiers: Verifier[]
  changers: Changer[]
  asked: Asked[]
  /** the acknowledgements that a changer may hear, at any time and more than once */
  said: Record<string, number>
  /** whether the revocation of the observed key is confirmed */
  isConfirmed: boolean
  budget: Budget
}
/**
 * Each changer revokes the key of its number, or all the one key. `isLate`: every answer may arrive late, not only those
 * to renewals and to readings of the leases; `isDeaf`: every notification is lost.
 */
export type Size = Budget & {
  verifiers: number
  changers: number
  keys: number
  isLate?: boolean
  isDeaf?: boolean
}
type Action = { name: string; next(): World }

/** Every clock of a verifier is 2 % slow and every clock of a changer 2 % fast, as much as may be. */
const [slow, fast] = [0.98, 1.02]
/** Two of these are a lease for a changer, by a hair; a lease of a verifier has ended by then, by a hair. */
const tickMs = 49_025
const ages = 2
/**
 * Verifiers are interchangeable, and so are changers with their keys; and no memory has any effect on the protocol. So if
 * any verifier can accept any revoked key, the first one can accept the first, and only that memory is followed.
 */
const observed = 'k0'
const momentOf = (ms: number) => ({ monotonicMs: ms, wallMs: ms })
const now = { monotonicMs: () => 0, wallMs: () => 0 }
const older = (ms: number, rate: number) => Math.max(ms - tickMs * rate, -ages * tickMs * rate)
const isWaiting = ({ state }: Changer) => Object.keys(state.waits).length > 0
const newestWait = ({ waits }: Confirming) => Math.max(0, ...Object.values(waits).map(({ seq }) => seq))
const failed = (lane: Asked['lane']) => ({ kind: 'failed', lane, reason: 'lost' }) as Answer & LearningEvent
const nothing = { confirmed: [], renewed: [], waitedOut: [] }
/** Questions whose answer does no harm by coming early: it only lets a change be confirmed earlier. */
const helpful = ['prove', 'resolve']

const table = <V>(of: Record<string, V>) => ({
  get: (hash: string) => of[hash],
  set: (hash: string, value: V) => Object.assign(of, { [hash]: value }),
  delete: (hash: string) => delete of[hash],
  clear: () => Object.keys(of).forEach((hash) => void delete of[hash]),
})
const tablesOf = ({ held, reads }: Memory) => ({
  ...{ held: table(held), unknown: table<true>({}), reads: table(reads) },
})
const copy = (world: World): World => ({
  ...{ ...world, db: { ...world.db }, said: { ...world.said }, budget: { ...world.budget } },
  verifiers: world.verifiers.map((one) => ({ ...one, held: { ...one.held }, reads: { ...one.reads } })),
  changers: world.changers.map((one) => ({ ...one })),
  asked: world.asked.map((one) => ({ ...one })),
})

/** Whether an acknowledgement can end a wait. */
function isNews({ waits, stage, reading, acknowledged }: Confirming, of: string, seq: number): boolean {
  const held = reading?.leases.find(({ incarnation }) => incarnation === of)?.acknowledged
  const known = Math.max(acknowledged[of] ?? 0, held ?? (stage?.kind === 'reading' ? 0 : seq))
  return seq > known && Object.values(waits).some((wait) => wait.seq <= seq && wait.seq > known)
}

export function openProtocol(code: Code, rules: Rules, size: Size) {
  const database = openDatabase(rules)
  const keyOf = (changer: number) => `k${changer % size.keys}`

  function take(world: World, at: number, event: LearningEvent) {
    const verifier = world.verifiers[at]!
    const step = code.learn(verifier.state, event, () => `v${at}.${++verifier.starts}`)
    verifier.state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'flush') code.empty(tablesOf(verifier))
      else if (effect.do === 'forget')
        code.evict(tablesOf(verifier), String((effect.subject as { tokenHash: Buffer }).tokenHash))
      else if (effect.do !== 'pause')
        world.asked.push({
          lane: effect.do === 'renew' ? 'renew' : effect.lane,
          at,
          question: effect,
          sentMs: 0,
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
      } else if (effect.do !== 'rest') world.asked.push({ lane: 'confirm', at, question: effect, sentMs: 0 })
    }
  }

  /** At once: one that comes late is a reading of the leases that comes late. */
  function lookUp(world: World, at: number) {
    const change = world.db.changes.find(({ key }) => key === keyOf(at))
    const epoch = database.currentEpoch(world.db)
    if (change) feed(world, at, { kind: 'wanted', seq: change.seq, epoch })
  }

  const inDatabase = ({ db }: World) => (db.revoked.includes(observed) ? 'REVOKED' : 'VALID')

  /** The database does what it is asked. */
  function answerOf(world: World, { lane, question }: Asked): Answer {
    const { db, said } = world
    if (question.do === 'verify') return inDatabase(world)
    if (question.do === 'fence') return { kind: 'fenced', isFenced: database.fence(db, question.lease) }
    if (question.do === 'read' && 'after' in question)
      return { kind: 'page', lane: question.lane, page: database.changesFrom(db, question.after.seq) }
    if (question.do === 'read') {
      const epoch = database.currentEpoch(db)
      return { kind: 'read', reading: { epoch, hasStandby: true, leases: db.leases } }
    }
    if (question.do === 'acknowledge') {
      const { incarnation, seq } = question
      const isKnown = database.acknowledge(db, question)
      if (isKnown && !size.isDeaf) said[incarnation] = Math.max(seq, said[incarnation] ?? 0)
      return { kind: 'acknowledged', lane: question.lane, isKnown }
    }
    let answer: Answer = { kind: 'proven' }
    if (question.do === 'renew') {
      const moments = { sent: momentOf(0), received: momentOf(0) }
      answer = { kind: 'renewed', renewal: database.renewLease(db, question), ...moments }
    } else if (question.do === 'resolve') {
      const keys = database.resolve(db, question)
      world.isConfirmed ||= keys?.includes(observed) ?? false
      answer = keys ? { kind: 'resolved', receipts: new Map() } : failed(lane)
    }
    // These three answers wait for the standby.
    world.standby = { ...db }
    return answer
  }

  function deliver(world: World, asked: Asked, answer: Answer) {
    world.asked = world.asked.filter((one) => one !== asked)
    const { lane, at, question, sentMs } = asked
    const verifier = world.verifiers[at]!
    if (lane === 'confirm') feed(world, at, answer as ConfirmingEvent)
    else if (question.do !== 'verify')
      take(world, at, { ...(answer as LearningEvent), sent: momentOf(sentMs) } as LearningEvent)
    else if (typeof answer === 'string') code.keep(tablesOf(verifier), observed, question.read, answer)
    else if (verifier.reads[observed] === question.read) delete verifier.reads[observed]
  }

  function revoke(world: World, at: number) {
    database.commit(world.db, world.changers[at]!.drawn, keyOf(at))
    world.changers[at]!.stage = 'over'
    // A notification that comes late is a read that is answered late.
    if (!size.isDeaf) for (const one of world.verifiers.keys()) take(world, one, { kind: 'notified' })
    lookUp(world, at)
  }

  function actions(world: World): Action[] {
    const { asked, budget, db } = world
    const found: Action[] = []
    const add = (name: string, run: (to: World) => void, what?: keyof Budget) => {
      if (what && budget[what] === 0) return
      const next = () => {
        const to = copy(world)
        if (what) to.budget[what]--
        run(to)
        simplify(to)
        return to
      }
      found.push({ name, next })
    }
    // While something may still get lost it matters what was not yet done by then; not what others have learnt.
    const isFirst = ({ lane, at, question, answer }: Asked) =>
      answer === undefined
        ? question.do === 'acknowledge' ||
          (at > 0 && lane === 'learn') ||
          (isSafe && helpful.includes(question.do))
        : isSafe && (answer as LearningEvent).kind === 'failed'
    const isSafe = budget.faults === 0
    const first = size.isLate ? -1 : asked.findIndex(isFirst)
    for (const [index, { lane, at, question, answer }] of asked.entries()) {
      if (first >= 0 && index !== first) continue
      const on = 'lane' in question ? ` (${lane})` : ''
      const who = `${lane === 'confirm' ? 'changer' : 'verifier'} ${at}: ${question.do}${on}`
      const it = (to: World) => to.asked[index]!
      const isSlow = lane === 'confirm' ? question.do === 'read' : size.isLate || lane === 'verify'
      if (answer) add(`${who} is answered`, (to) => deliver(to, it(to), answer))
      else if (isSlow || (question.do === 'renew' && at === 0))
        add(`${who} is done by the database`, (to) => {
          it(to).answer = answerOf(to, it(to))
        })
      else add(`${who} is done`, (to) => deliver(to, it(to), answerOf(to, it(to))))
      add(`${who} is lost`, (to) => deliver(to, it(to), failed(lane)), 'faults')
      const doneAndLost = (to: World) => {
        answerOf(to, it(to))
        deliver(to, it(to), failed(lane))
      }
      if (lane === 'confirm' && question.do !== 'read' && !answer)
        add(`${who} is done, and its answer is lost`, doneAndLost, 'faults')
    }
    if (first >= 0) return found
    for (const [at, { state, held, reads }] of world.verifiers.entries()) {
      if (state.isResting)
        add(`verifier ${at}: it is time to renew`, (to) => take(to, at, { kind: 'due' }), 'renewals')
      const read = (to: World) => {
        to.verifiers[at]!.reads[observed] = budget.reads
        const question = { do: 'verify', read: budget.reads } as const
        to.asked.push({ lane: 'verify', at, question, sentMs: 0 })
      }
      if (at === 0 && !held[observed] && reads[observed] === undefined && code.holds(state.lease, now))
        add(`verifier ${at}: is asked for ${observed} and reads it`, read, 'reads')
      add(`verifier ${at}: crashes and starts again`, (to) => boot(to, at), 'faults')
    }
    const orphan = Math.max(0, ...db.changes.map(({ seq, isConfirmed }) => (isConfirmed ? 0 : seq)))
    for (const [at, changer] of world.changers.entries()) {
      const { stage, state, drawn } = changer
      const who = `changer ${at}`
      const change = (to: World, by: Partial<Changer>) => Object.assign(to.changers[at]!, by)
      const draw = (to: World) => change(to, { stage: 'drawn', drawn: database.drawNumber(to.db) })
      const crash = (to: World) => {
        change(to, { state: code.newConfirming, stage: 'over' })
        to.asked = to.asked.filter((one) => one.lane !== 'confirm' || one.at !== at)
      }
      const revokes = (to: World) => {
        draw(to)
        revoke(to, at)
      }
      if (stage === 'drawn') add(`${who}: commits, as change ${drawn}`, (to) => revoke(to, at))
      if (stage === 'idle' && rules.lock) add(`${who}: revokes ${keyOf(at)}`, revokes)
      if (stage === 'idle' && !rules.lock) add(`${who}: draws a number to revoke ${keyOf(at)}`, draw)
      if (stage !== 'over') add(`${who}: its COMMIT is cut off and rolled back`, crash, 'faults')
      const sweep = (to: World) =>
        feed(to, at, { kind: 'wanted', seq: orphan, epoch: database.currentEpoch(to.db) })
      if (!isWaiting(changer)) {
        if (orphan > 0) add(`${who}: sweeps up a change that nobody has confirmed`, sweep, 'sweeps')
        continue
      }
      add(`${who}: crashes`, crash, 'faults')
      if (!state.stage) add(`${who}: looks again`, (to) => feed(to, at, { kind: 'due' }))
      for (const [incarnation, seq] of Object.entries(world.said))
        if (isNews(state, incarnation, seq))
          add(`${who}: hears that ${incarnation} acknowledged ${seq}`, (to) =>
            feed(to, at, { kind: 'heard', incarnation, seq }),
          )
    }
    add('time: half a lease passes', tick)
    const fault = (name: string, after: (to: World) => Db) =>
      add(`database: ${name}`, (to) => recover(to, { ...after(to), epochs: to.db.epochs }), 'faults')
    fault('the standby is promoted', (to) => ({ ...to.standby, epoch: null }))
    fault('it crashes and recovers', (to) => ({ ...to.db, epoch: null }))
    fault('an older dump is restored', (to) => {
      to.isConfirmed = false
      return { ...dump, epoch: rules.restoreBeginsEpoch ? null : dump.epoch }
    })
    const reload = (to: World) => {
      const leases = to.db.leases.map((lease) => ({ ...lease, head_at_renewal: 0, acknowledged: 0 }))
      Object.assign(to.db, { changes: [], prunedTo: 0, sequence: 0, leases })
    }
    // As many changes as were lost, before a verifier renews, are what nobody can recognise.
    if (size.changers === 1)
      add('database: the log is loaded again in place, without its last changes', reload, 'faults')
    const prune = (to: World) => {
      for (let age = 0; age < ages; age++) tick(to)
      Object.assign(to.db, { changes: [], prunedTo: newest(to.db), sequence: 0 })
    }
    if (orphan === 0)
      add('database: much later the log is pruned, and its sequence starts again', prune, 'faults')
    return found
  }

  function tick({ asked, verifiers, changers }: World) {
    for (const one of asked) one.sentMs = older(one.sentMs, slow)
    for (const one of verifiers) {
      const { lease, granted } = one.state
      one.state = {
        ...one.state,
        lease: lease && { end: momentOf(lease.end.monotonicMs - tickMs * slow) },
        granted: granted && { ...granted, sent: momentOf(older(granted.sent.monotonicMs, slow)) },
      }
    }
    for (const one of changers) {
      const waits = Object.entries(one.state.waits).map(([name, { sinceMs, ...wait }]) => [
        ...[name, { ...wait, sinceMs: sinceMs === undefined ? sinceMs : older(sinceMs, fast) }],
      ])
      one.state = { ...one.state, waits: Object.fromEntries(waits) }
    }
  }

  /** Every connection is lost; what was answered before may still arrive. */
  function recover(world: World, db: Db) {
    world.db = db
    for (const one of world.asked) one.answer ??= failed(one.lane)
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
    const { verifiers, changers, renewals, reads, faults, sweeps } = size
    const changer = (): Changer => ({ state: code.newConfirming, stage: 'idle', drawn: 0 })
    const world: World = {
      ...{ db: { ...dump }, standby: dump, verifiers: [], asked: [], said: {}, isConfirmed: false },
      ...{ changers: Array.from({ length: changers }, changer), budget: { renewals, reads, faults, sweeps } },
    }
    for (let at = 0; at < verifiers; at++) {
      boot(world, at)
      while (world.asked[0]) deliver(world, world.asked[0], answerOf(world, world.asked[0]))
    }
    if (reads === 0) world.verifiers[0]!.held[observed] = 'VALID'
    simplify(world)
    return world
  }

  /** A verify that starts now: would it be accepted? */
  function accepts({ asked, verifiers: [first] }: World, mayAnswer: boolean, read: () => Verdict): boolean {
    const found = code.find<Verdict, Verdict | number>(tablesOf(first!), observed, mayAnswer, read, read)
    // A read that is joined: what was answered is on its way, and what was not will be read from now on.
    const isIt = ({ question }: Asked) => question.do === 'verify' && question.read === found
    return (typeof found === 'number' ? (asked.find(isIt)?.answer ?? read()) : found) === 'VALID'
  }

  /** Forgets what cannot matter any more and what nothing depends on, so that more states are the same. */
  function simplify(world: World) {
    for (const [at, verifier] of world.verifiers.entries()) {
      const { lease, learning, term, granted, ...state } = verifier.state
      Object.assign(state, {
        clockErrorMs: 0,
        leaseTrouble: undefined,
        deafness: undefined,
        share: undefined,
      })
      const sent = at === 0 && granted ? granted.sent : momentOf(0)
      verifier.state = {
        ...state,
        // A lease is for answering from memory, and only that of the first is followed.
        lease: at === 0 && code.holds(lease, now) ? lease : undefined,
        learning: learning && { ...learning, term: learning.term - term.number },
        term: { ...term, number: 0 },
        granted: granted && { ...granted, sent, received: momentOf(0) },
      }
    }
    for (const changer of world.changers) {
      const { stage, waits, reading, acknowledged } = changer.state
      if (changer.stage === 'over') changer.drawn = 0
      if (!stage && !isWaiting(changer)) changer.state = code.newConfirming
      else {
        // What it has read and heard is compared with the changes it waits for. What it hears before a reading is not in that.
        const heard = reading?.leases.map((lease) => ({
          ...lease,
          acknowledged: Math.max(lease.acknowledged, acknowledged[lease.incarnation] ?? 0),
        }))
        const leases = heard?.filter((lease) => lease.acknowledged < newestWait(changer.state)) ?? []
        const plain = Object.entries(waits).map(([name, wait]) => [
          ...[name, { ...wait, waitedOut: [], waitingFor: [] }],
        ])
        const isDone = stage && 'done' in stage && stage.done
        changer.state = {
          ...{ ...changer.state, failure: undefined, waits: Object.fromEntries(plain) },
          ...(isDone && {
            stage: { ...stage, done: { ...isDone, evidence: nothing } } as Confirming['stage'],
          }),
          ...(stage?.kind !== 'reading' && { reading: reading && { ...reading, leases }, acknowledged: {} }),
        }
      }
    }
    if (world.budget.faults === 0) world.standby = dump
    for (const one of world.asked) {
      if (one.at > 0 || one.lane !== 'renew') one.sentMs = 0
      if (one.question.do === 'resolve') one.question = { ...one.question, evidence: nothing }
      if (typeof one.answer !== 'object' || one.answer.kind !== 'read') continue
      const { reading } = one.answer
      const least = newestWait(world.changers[one.at]!.state)
      const leases = reading.leases.filter((lease) => lease.acknowledged < least)
      one.answer = { kind: 'read', reading: { ...reading, leases } }
    }
    const mayHear = ([, seq]: [string, number]) =>
      world.budget.faults + world.budget.sweeps > 0 ||
      world.changers.some(({ state }) => Object.values(state.waits).some((wait) => wait.seq <= seq))
    world.said = Object.fromEntries(Object.entries(world.said).filter(mayHear).sort())
    const orderOf = ({ lane, at }: Asked) => `${lane} ${at}`
    world.asked.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    world.db.leases = [...world.db.leases].sort((a, b) => (a.incarnation < b.incarnation ? -1 : 1))
  }

  return {
    begin,
    actions,
    /** Whether a violation may still come: without reads a memory only shrinks, and a change that is not there stays so. */
    isOpen(world: World): boolean {
      const { verifiers, changers, isConfirmed, budget, asked, db } = world
      const mayCome = changers.some(({ stage }, at) => stage !== 'over' && keyOf(at) === observed)
      const mayBeLookedFor =
        budget.sweeps > 0 || changers.some((one) => one.stage !== 'over' || isWaiting(one))
      const isThere = db.changes.some(({ key }) => key === observed)
      const isRenewed = budget.renewals > 0 || asked.some(({ lane, at }) => lane === 'renew' && at === 0)
      const mayAnswer = verifiers[0]!.state.lease !== undefined || isRenewed
      const isRead = budget.reads > 0 || asked.some(({ lane }) => lane === 'verify')
      return (
        (isConfirmed || mayCome || (isThere && mayBeLookedFor)) &&
        (isRead || accepts(world, mayAnswer, () => 'REVOKED'))
      )
    },
    /** The verify that breaks the promise, if there is one. */
    violation: (world: World): string | undefined =>
      world.isConfirmed &&
      accepts(world, code.holds(world.verifiers[0]!.state.lease, now), () => inDatabase(world))
        ? `verifier 0 accepts ${observed}, whose revocation is confirmed`
        : undefined,
  }
}
