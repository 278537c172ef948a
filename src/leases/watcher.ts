import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { World } from '../foundation/world.ts'
import {
  type ConfirmationOutcome,
  type ConfirmingEffect,
  type ConfirmingEvent,
  confirm,
  nameOf,
  newConfirming,
  type Reading,
} from './confirming.ts'
import type { LeaseRow } from './judge.ts'
import { type RealTime, realTime } from './lease.ts'
import { type Receipt, receiptOf, recovered } from './receipt.ts'
import { proveDurable, resolveChanges } from './resolve-changes.ts'

const orphanEveryMs = 1_000

/**
 * Confirms changes, for everyone in this process who waits for one and for those whose changer is gone.
 * Confirmation is durable before anyone learns of it.
 */
export type Watcher = {
  /**
   * Waits until the change is confirmed, at most so long (real milliseconds). Never throws.
   * @param epoch whose number it is: once there is another, the wait ends as `recovered`. Without one it goes on with
   *   the change that has that number then.
   */
  confirm(seq: number, withinMs: number, epoch?: string): Promise<Receipt>
  close(): Promise<void>
}

/**
 * One row at least, also where nobody has a lease. The epoch is read before the leases: a reading of a later epoch is refused
 * when the confirmation is written.
 */
const leasesQuery = {
  name: 'leases',
  text: `select leases.*, current_setting('synchronous_standby_names') <> '' as has_standby, here.epoch
    from (select current_epoch() as epoch) as here left join read_leases() as leases on true`,
}
type LeaseReadingRow = LeaseRow & { has_standby: boolean; epoch: string }

const listen = { name: 'listen', text: 'listen keywarden_acknowledged' }
const fence = { name: 'fence', text: 'select fence_lease($1, $2) as fenced' }
const orphans = {
  name: 'orphans',
  text: `select max(seq) as seq, (select id from epoch) as epoch from changes
    where confirmed_at is null and at < clock_timestamp() - interval '1 second'`,
}

export function openWatcher(
  world: Pick<World, 'db' | 'clock' | 'log' | 'config'>,
  time: RealTime = realTime,
): Watcher {
  let state = newConfirming
  const listeners = new Map<string, Set<(outcome: ConfirmationOutcome) => void>>()
  let isClosed = false
  /** whether anybody in this process ever waited; where nobody does, notifications would wake it for nothing */
  let isAsked = false
  let isListening = false
  let isSweeping = false
  let underWay: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const connection = openDedicatedConnection(world.config.databaseUrl, {
    name: 'keywarden confirm',
    timeoutMs: 2_000,
    onConnect: (client) => {
      client.on('notification', ({ payload }) => hear(payload ?? ''))
      isListening = isAsked
      return client.query(`set synchronous_commit = on; ${isAsked ? listen.text : ''}`)
    },
  })
  // After an outage there may be thousands of changes to confirm at once, which takes longer than reading the leases.
  const resolving = openDedicatedConnection(world.config.databaseUrl, {
    name: 'keywarden resolve',
    timeoutMs: 10_000,
    onConnect: (client) => client.query('set synchronous_commit = on'),
  })
  const sweeping = setInterval(() => void sweep(), orphanEveryMs)
  sweeping.unref()

  /** An acknowledgement: `seq incarnation`. */
  function hear(payload: string) {
    const [seq, incarnation] = payload.split(' ') as [string, string]
    take({ kind: 'heard', seq: Number(seq), incarnation })
  }

  function take(event: ConfirmingEvent) {
    if (isClosed) return
    const before = state
    const step = confirm(state, event, time.monotonicMs())
    state = step.state
    // Once when it begins: a question comes each tenth of a second.
    if (state.failure && !before.failure)
      world.log.warn(
        { event: 'lease.confirmation_failed', error: state.failure },
        'failed to confirm changes',
      )
    for (const effect of step.effects) carryOut(effect)
  }

  function carryOut(effect: ConfirmingEffect) {
    if (effect.do === 'end') {
      for (const listener of listeners.get(effect.name) ?? []) listener(effect.outcome)
    } else if (effect.do === 'rest') {
      clearTimeout(timer)
      timer = setTimeout(take, effect.ms, { kind: 'due' })
      timer.unref()
    } else underWay = answerTo(effect).then(take, (error) => take({ kind: 'failed', reason: String(error) }))
  }

  type Question = Exclude<ConfirmingEffect, { do: 'end' | 'rest' }>

  async function answerTo(question: Question): Promise<ConfirmingEvent> {
    if (question.do === 'read') return { kind: 'read', reading: await readLeases() }
    if (question.do === 'fence') return { kind: 'fenced', isFenced: await fenceLease(question.lease) }
    if (question.do === 'prove') {
      await proveDurable(connection)
      return { kind: 'proven' }
    }
    return { kind: 'resolved', receipts: await resolveChanges(resolving, world.clock, question) }
  }

  async function readLeases(): Promise<Reading> {
    if (isAsked && !isListening) await connection.query(listen, [])
    isListening = isAsked
    const rows = await connection.query<LeaseReadingRow>(leasesQuery, [])
    const [{ epoch, has_standby: hasStandby }] = rows as [LeaseReadingRow]
    return { epoch, hasStandby, leases: rows.filter(({ incarnation }) => incarnation !== null) }
  }

  async function fenceLease({ incarnation, renewals, name }: LeaseRow): Promise<boolean> {
    const [row] = await connection.query<{ fenced: boolean }>(fence, [incarnation, renewals])
    if (row!.fenced)
      world.log.warn(
        { event: 'lease.fenced', verifier: name },
        'fenced a verifier that did not renew its lease',
      )
    return row!.fenced
  }

  async function sweep() {
    // While the database is slow, sweeps would queue up behind each other.
    if (isSweeping) return
    isSweeping = true
    const [row] = await connection
      .query<{ seq: number | null; epoch: string | null }>(orphans, [])
      .catch(() => [])
    isSweeping = false
    if (row?.seq) take({ kind: 'wanted', seq: row.seq, epoch: row.epoch ?? '' })
  }

  /** How the wait ends; undefined when it does not in so many real milliseconds. */
  async function outcomeOf(name: string, begin: () => void, withinMs: number) {
    const { promise, resolve } = firstOf<ConfirmationOutcome | undefined>()
    const timeout = setTimeout(resolve, withinMs, undefined)
    const here = listeners.get(name) ?? new Set()
    listeners.set(name, here.add(resolve))
    begin()
    const outcome = await promise
    clearTimeout(timeout)
    here.delete(resolve)
    if (here.size === 0) listeners.delete(name)
    return outcome
  }

  return {
    async confirm(seq, withinMs, epoch) {
      isAsked = true
      const name = nameOf({ seq, epoch })
      const outcome = await outcomeOf(name, () => take({ kind: 'wanted', seq, epoch }), withinMs)
      if (!outcome && state.failure) return { state: 'unknown', reason: state.failure }
      if (!outcome) return { state: 'pending', seq, waitingFor: [...(state.waits[name]?.waitingFor ?? [])] }
      if (outcome.isRecovered) return recovered
      return (
        outcome.receipt ??
        receiptOf(world.db, seq, epoch).catch((error) => ({ state: 'unknown', reason: String(error) }))
      )
    },
    async close() {
      isClosed = true
      clearInterval(sweeping)
      clearTimeout(timer)
      await Promise.all([connection.close(), resolving.close()])
      await underWay
    },
  }
}

function firstOf<T>() {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
