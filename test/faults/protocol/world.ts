import type { Confirming, ConfirmingEffect, ConfirmingEvent } from '../../../src/leases/confirming.ts'
import type { Learning, LearningEffect, LearningEvent } from '../../../src/verification/learning.ts'
import type { Code } from './code.ts'
import * as database from './database.ts'

type LearningQuestion = Extract<LearningEffect, { do: 'renew' | 'read' | 'acknowledge' }>
type ConfirmingQuestion = Exclude<ConfirmingEffect, { do: 'end' | 'rest' }>
/** A question on its way to the database, or, with an answer, on its way back. */
type Asked<Question, Answer> = { question: Question; sentMs: number; answer?: Answer }
type Verdict = 'VALID' | 'REVOKED'

type Verifier = {
  state: Learning
  starts: number
  isNotified: boolean
  lanes: Partial<Record<'renew' | 'learn', Asked<LearningQuestion, LearningEvent>>>
  held: Record<string, Verdict>
  /** by key, the number of a read that may be joined */
  reads: Record<string, number>
  /** `verdict`: what the database answered */
  sent: { read: number; key: number; verdict?: Verdict }[]
}
type Changer = {
  state: Confirming
  stage: 'idle' | 'drawn' | 'committed' | 'waiting' | 'over'
  drawn: number
  isResting: boolean
  asked?: Asked<ConfirmingQuestion, ConfirmingEvent> | undefined
  heard: { seq: number; incarnation: string }[]
}
/** How often each thing may still happen. */
type Budget = Record<'ticks' | 'renewals' | 'reads' | 'faults' | 'polls' | 'sweeps', number>
export type World = {
  nowMs: number
  db: database.Db
  /** what a promotion would leave */
  standby: database.Db
  verifiers: Verifier[]
  changers: Changer[]
  confirmed: boolean[]
  budget: Budget
}
export type Size = Budget & {
  verifiers: number
  changers: number
  keys: number
  /** whether answers about changes and acknowledgements may arrive late too, not only those to renewals and reads */
  isLate?: boolean
  /** every notification is lost */
  isDeaf?: boolean
}
export type Action = { name: string; run(world: World): void }

/** Every clock of a verifier is 2 % slow and every clock of a changer 2 % fast, as much as may be. */
const slow = 0.98
const fast = 1.02
const ttlMs = 100_000
/** Two of these are a lease for a changer, by a hair; a lease of a verifier has ended by then, by a hair. */
const tickMs = 49_025
/** Changes that everybody has learnt, before the search begins. */
const before = 3

/** The database before there was any verifier. */
const dump = (keys: number): database.Db => ({
  ...{ epoch: 'e0', epochs: 0, longestTtlMs: ttlMs, sequence: before, prunedTo: before },
  ...{ changes: [], revoked: Array(keys).fill(false), leases: [] },
})
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value))
/** A table of a memory over plain data. */
const table = <V>(of: Record<string, V>) => ({
  get: (hash: string) => of[hash],
  set: (hash: string, value: V) => Object.assign(of, { [hash]: value }),
  delete: (hash: string) => delete of[hash],
  clear() {
    for (const hash of Object.keys(of)) delete of[hash]
  },
})
const tables = ({ held, reads }: Verifier) => ({
  held: table(held),
  unknown: table<true>({}),
  reads: table(reads),
})

export function openProtocol(code: Code, rules: database.Rules, size: Size) {
  const momentAt = (nowMs: number) => ({ monotonicMs: nowMs * slow, wallMs: nowMs * slow })
  const clockOf = (nowMs: number) => ({ monotonicMs: () => nowMs * slow, wallMs: () => nowMs * slow })

  function take(world: World, at: number, event: LearningEvent) {
    const verifier = world.verifiers[at]!
    const step = code.learn(verifier.state, event, () => `v${at}.${++verifier.starts}`)
    verifier.state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'pause') continue
      if (effect.do === 'flush') code.empty(tables(verifier))
      else if (effect.do === 'forget')
        code.evict(tables(verifier), String((effect.subject as { tokenHash: Buffer }).tokenHash))
      else
        verifier.lanes[effect.do === 'renew' ? 'renew' : effect.lane] = {
          question: effect,
          sentMs: effect.do === 'renew' ? world.nowMs : 0,
        }
    }
  }

  function answerVerifier(
    world: World,
    { question, sentMs }: Asked<LearningQuestion, unknown>,
  ): LearningEvent {
    const { db } = world
    if (question.do === 'read') {
      const page = database.changesAfter(db, question.after.seq - 1)
      return { kind: 'page', lane: question.lane, page }
    }
    if (question.do === 'acknowledge') {
      const { lane, incarnation, seq } = question
      const isKnown = database.acknowledgeChanges(db, rules, incarnation, seq)
      if (isKnown && !size.isDeaf)
        for (const changer of world.changers)
          changer.heard = [
            ...changer.heard.filter((said) => said.incarnation !== incarnation),
            { seq, incarnation },
          ]
      return { kind: 'acknowledged', lane, isKnown }
    }
    const renewal = database.renewLease(db, rules, question, ttlMs)
    world.standby = copy(db)
    const sent = momentAt(sentMs)
    return { kind: 'renewed', renewal, sent, received: sent }
  }

  function feed(world: World, at: number, event: ConfirmingEvent) {
    const changer = world.changers[at]!
    const step = code.confirm(changer.state, event, world.nowMs * fast)
    changer.state = step.state
    for (const effect of step.effects) {
      if (effect.do === 'rest') changer.isResting = true
      else if (effect.do !== 'end') changer.asked = { question: effect, sentMs: world.nowMs }
      else if (effect.name.startsWith(`${changer.drawn} `)) changer.stage = 'over'
    }
    if (changer.asked) changer.isResting = false
  }

  function answerChanger(world: World, { question }: Asked<ConfirmingQuestion, unknown>): ConfirmingEvent {
    const { db } = world
    if (question.do === 'fence')
      return { kind: 'fenced', isFenced: database.fenceLease(db, rules, question.lease) }
    if (question.do === 'read') {
      const epoch = database.currentEpoch(db)
      return { kind: 'read', reading: { epoch, hasStandby: true, leases: copy(db.leases) } }
    }
    world.standby = copy(db)
    if (question.do === 'prove') return { kind: 'proven' }
    const resolved = database.resolveChanges(db, question.seq, question.epoch)
    if (!resolved) return { kind: 'failed', reason: 'recovered' }
    for (const { key } of resolved) world.confirmed[key] = true
    return { kind: 'resolved', receipts: new Map() }
  }

  function verifierActions(world: World, at: number): Action[] {
    const { state, lanes, isNotified, sent, reads, held } = world.verifiers[at]!
    const me = (to: World) => to.verifiers[at]!
    const actions: Action[] = []
    const add = (name: string, run: Action['run']) => actions.push({ name: `verifier ${at}: ${name}`, run })
    if (state.isResting && world.budget.renewals > 0)
      add('it is time to renew', (to) => {
        to.budget.renewals--
        take(to, at, { kind: 'due' })
      })
    if (isNotified)
      add('hears of a change', (to) => {
        me(to).isNotified = false
        take(to, at, { kind: 'notified' })
      })
    for (const [lane, asked] of Object.entries(lanes)) {
      const name = lane as keyof typeof lanes
      const what = `${asked.question.do} (${lane})`
      const end = (to: World, event: LearningEvent) => {
        delete me(to).lanes[name]
        take(to, at, event.kind === 'renewed' ? { ...event, received: momentAt(to.nowMs) } : event)
      }
      const isSlow = size.isLate || asked.question.do === 'renew'
      if (asked.answer) add(`gets the answer to ${what}`, (to) => end(to, me(to).lanes[name]!.answer!))
      else if (isSlow)
        add(`${what} is done by the database`, (to) => {
          me(to).lanes[name]!.answer = answerVerifier(to, me(to).lanes[name]!)
        })
      else add(`${what} is done`, (to) => end(to, answerVerifier(to, me(to).lanes[name]!)))
      if (world.budget.faults > 0)
        add(`loses ${what}`, (to) => {
          to.budget.faults--
          end(to, { kind: 'failed', lane: name, reason: 'lost' })
        })
    }
    for (const key of Object.keys(world.db.revoked)) {
      if (held[key] || reads[key] !== undefined || sent.length > 1 || world.budget.reads === 0) continue
      if (!code.holds(state.lease, clockOf(world.nowMs))) continue
      add(`is asked for key ${key} and reads it`, (to) => {
        const read = to.budget.reads--
        me(to).reads[key] = read
        me(to).sent.push({ read, key: Number(key) })
      })
    }
    sent.forEach(({ key, read, verdict }, index) => {
      if (!verdict)
        add(`the read of key ${key} is done by the database`, (to) => {
          me(to).sent[index]!.verdict = to.db.revoked[key] ? 'REVOKED' : 'VALID'
        })
      else
        add(`gets the answer to the read of key ${key}: ${verdict}`, (to) => {
          me(to).sent.splice(index, 1)
          code.keep(tables(me(to)), String(key), read, verdict)
        })
    })
    if (world.budget.faults > 0)
      add('crashes and starts again', (to) => {
        to.budget.faults--
        boot(to, at)
      })
    return actions
  }

  function changerActions(world: World, at: number): Action[] {
    const { stage, asked, isResting, heard, state, drawn } = world.changers[at]!
    const me = (to: World) => to.changers[at]!
    const key = at % size.keys
    const actions: Action[] = []
    const add = (name: string, run: Action['run']) => actions.push({ name: `changer ${at}: ${name}`, run })
    const commit = (to: World) => {
      me(to).stage = 'committed'
      database.commitChange(to.db, me(to).drawn, key)
      for (const verifier of to.verifiers) verifier.isNotified = !size.isDeaf
    }
    const draw = (to: World) => {
      me(to).drawn = database.drawNumber(to.db, rules)
    }
    if (stage === 'idle' && rules.lock)
      add(`revokes key ${key}`, (to) => {
        draw(to)
        commit(to)
      })
    if (stage === 'idle' && !rules.lock)
      add(`draws a number to revoke key ${key}`, (to) => {
        draw(to)
        me(to).stage = 'drawn'
      })
    if (stage === 'drawn') add(`commits that key ${key} is revoked, as change ${drawn}`, commit)
    if (stage === 'committed')
      add('looks its change up and waits', (to) => {
        const found = to.db.changes.find((change) => change.key === key)
        me(to).stage = found && to.db.revoked[key] ? 'waiting' : 'over'
        const epoch = database.currentEpoch(to.db)
        if (found) feed(to, at, { kind: 'wanted', seq: found.seq, epoch })
      })
    const orphan = Math.max(
      0,
      ...world.db.changes.filter((change) => !change.isConfirmed).map(({ seq }) => seq),
    )
    const isIdle = Object.keys(state.waits).length === 0
    if (orphan > 0 && isIdle && stage !== 'committed' && world.budget.sweeps > 0)
      add('sweeps up a change that nobody has confirmed', (to) => {
        to.budget.sweeps--
        feed(to, at, { kind: 'wanted', seq: orphan, epoch: to.db.epoch ?? '' })
      })
    if (isResting && !isIdle && world.budget.polls > 0)
      add('looks again', (to) => {
        to.budget.polls--
        me(to).isResting = false
        feed(to, at, { kind: 'due' })
      })
    for (const [index, said] of heard.entries())
      add(`hears that ${said.incarnation} acknowledged ${said.seq}`, (to) => {
        me(to).heard.splice(index, 1)
        feed(to, at, { kind: 'heard', ...said })
      })
    if (asked) {
      const what = asked.question.do
      const end = (to: World, event: ConfirmingEvent) => {
        me(to).asked = undefined
        feed(to, at, event)
      }
      // Only a reading can be out of date when it arrives.
      const isSlow = what === 'read'
      if (asked.answer) add(`gets the answer to ${what}`, (to) => end(to, me(to).asked!.answer!))
      else if (isSlow)
        add(`${what} is done by the database`, (to) => {
          me(to).asked!.answer = answerChanger(to, me(to).asked!)
        })
      else add(`${what} is done`, (to) => end(to, answerChanger(to, me(to).asked!)))
      const lost = { kind: 'failed', reason: 'lost' } as const
      if (world.budget.faults > 0)
        add(`loses ${what}`, (to) => {
          to.budget.faults--
          end(to, lost)
        })
      if (world.budget.faults > 0 && !isSlow)
        add(`${what} is done, and its answer is lost`, (to) => {
          to.budget.faults--
          answerChanger(to, me(to).asked!)
          end(to, lost)
        })
    }
    if (world.budget.faults > 0 && stage !== 'over')
      add('crashes', (to) => {
        to.budget.faults--
        to.changers[at] = { ...newChanger(), stage: 'over' }
      })
    return actions
  }

  function databaseActions(world: World): Action[] {
    const actions: Action[] = []
    if (world.budget.ticks > 0)
      actions.push({
        name: 'time: half a lease passes',
        run: (to) => {
          to.budget.ticks--
          to.nowMs += tickMs
        },
      })
    if (world.budget.faults === 0) return actions
    const add = (name: string, run: Action['run']) =>
      actions.push({
        name: `database: ${name}`,
        run: (to) => {
          to.budget.faults--
          run(to)
        },
      })
    add('the standby is promoted', (to) =>
      recover(to, { ...copy(to.standby), epoch: null, epochs: to.db.epochs }),
    )
    add('it crashes and recovers', (to) => recover(to, { ...to.db, epoch: null }))
    add('an older dump is restored', (to) => {
      const epoch = rules.restoreBeginsEpoch ? null : 'e0'
      recover(to, { ...dump(size.keys), epoch, epochs: to.db.epochs })
      to.confirmed = to.confirmed.map(() => false)
    })
    if (world.db.changes.length < before)
      add('the log is loaded again in place, without its last changes', (to) => {
        Object.assign(to.db, { changes: [], prunedTo: 0, sequence: 0 })
        for (const lease of to.db.leases) lease.head_at_renewal = lease.acknowledged = 0
      })
    if (world.db.changes.every(({ isConfirmed }) => isConfirmed))
      add('the log is pruned and its sequence starts again', (to) => {
        Object.assign(to.db, { changes: [], prunedTo: database.newestChange(to.db), sequence: 0 })
      })
    return actions
  }

  /** Every connection is lost; what was answered before may still arrive. */
  function recover(world: World, db: database.Db) {
    world.db = db
    for (const verifier of world.verifiers) {
      for (const [lane, asked] of Object.entries(verifier.lanes))
        asked.answer ??= { kind: 'failed', lane: lane as 'renew' | 'learn', reason: 'lost' }
      for (const { key, read, verdict } of verifier.sent)
        if (!verdict && verifier.reads[key] === read) delete verifier.reads[key]
      verifier.sent = verifier.sent.filter(({ verdict }) => verdict)
    }
    for (const changer of world.changers) {
      if (changer.asked) changer.asked.answer ??= { kind: 'failed', reason: 'lost' }
      if (changer.stage === 'drawn') changer.stage = 'over'
    }
  }

  function boot(world: World, at: number) {
    const starts = (world.verifiers[at]?.starts ?? 0) + 1
    const state = code.newLearning(ttlMs, `v${at}.${starts}`)
    world.verifiers[at] = { state, starts, isNotified: false, lanes: {}, held: {}, reads: {}, sent: [] }
    take(world, at, { kind: 'due' })
  }

  const newChanger = (): Changer => ({
    ...{ state: code.newConfirming, stage: 'idle', drawn: 0, isResting: false, heard: [] },
  })

  /** Every verifier has a lease, and remembers every key unless it may read one. */
  function begin(): World {
    const { verifiers, changers, keys, isLate: _, isDeaf: __, ...budget } = size
    const db = dump(keys)
    const world: World = {
      ...{ nowMs: 0, db, standby: copy(db), verifiers: [], budget },
      ...{ changers: Array.from({ length: changers }, newChanger), confirmed: Array(keys).fill(false) },
    }
    for (let at = 0; at < verifiers; at++) {
      boot(world, at)
      for (const lane of ['renew', 'learn'] as const) {
        const asked = world.verifiers[at]!.lanes[lane]!
        delete world.verifiers[at]!.lanes[lane]
        take(world, at, answerVerifier(world, asked))
      }
      if (size.reads === 0) for (const key of db.revoked.keys()) world.verifiers[at]!.held[key] = 'VALID'
    }
    return world
  }

  /** A verify of that key which starts now on that verifier: would it be accepted? */
  function accepts(world: World, at: number, key: number): boolean {
    const verifier = world.verifiers[at]!
    const mayAnswer = code.holds(verifier.state.lease, clockOf(world.nowMs))
    const fromDatabase = () => (world.db.revoked[key] ? 'REVOKED' : 'VALID')
    const found = code.find<string, number | string>(
      tables(verifier) as never,
      String(key),
      mayAnswer,
      fromDatabase,
      fromDatabase,
    )
    // A read that is joined: what was answered is on its way, and what was not will be read from now on.
    if (typeof found === 'number')
      return (verifier.sent.find(({ read }) => read === found)?.verdict ?? fromDatabase()) === 'VALID'
    return found === 'VALID'
  }

  /** Forgets what cannot matter any more, so that more states are the same. */
  function simplify(world: World) {
    const clock = clockOf(world.nowMs)
    for (const { state } of world.verifiers) if (!code.holds(state.lease, clock)) state.lease = undefined
  }

  return {
    begin,
    simplify,
    actions: (world: World): Action[] => [
      ...world.verifiers.flatMap((_, at) => verifierActions(world, at)),
      ...world.changers.flatMap((_, at) => changerActions(world, at)),
      ...databaseActions(world),
    ],
    /** The verify that breaks the promise, if there is one. */
    violation(world: World): string | undefined {
      for (const [key, isConfirmed] of world.confirmed.entries())
        for (const at of world.verifiers.keys())
          if (isConfirmed && accepts(world, at, key))
            return `verifier ${at} accepts key ${key}, whose revocation is confirmed`
      return undefined
    },
  }
}
