import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { World } from '../foundation/world.ts'
import { judge, type LeaseRow } from './judge.ts'
import { type RealTime, realTime } from './lease.ts'
import { type Evidence, type Receipt, receiptOf, recovered } from './receipt.ts'
import { proveDurable, resolveChanges } from './resolve-changes.ts'
import { beginAnew, end, newWait, outcomeOf, type Wait } from './wait.ts'

/** A look costs little, and a notification may be lost. */
const pollMs = 100
const orphanEveryMs = 1_000

/**
 * Confirms changes, for everyone in this process who waits for one and for those whose changer is gone.
 * Confirmation is durable before anyone is told.
 */
export type Watcher = {
  /**
   * Waits until the change is confirmed, at most so long (real milliseconds). Never throws.
   * @param epoch whose number it is: once there is another, the wait ends as `recovered`. Without one it goes on with
   *   whatever change has that number then.
   */
  confirm(seq: number, withinMs: number, epoch?: string): Promise<Receipt>
  close(): Promise<void>
}

/**
 * One row at least, also where nobody has a lease. The epoch is asked for before the leases are looked at: what is seen
 * of a later one is refused when it is to be written down.
 */
const look = {
  name: 'look',
  text: `select leases.*, current_setting('synchronous_standby_names') <> '' as has_standby, here.epoch
    from (select current_epoch() as epoch) as here left join read_leases() as leases on true`,
}
type LookedRow = LeaseRow & { has_standby: boolean; epoch: string }

/** What one look saw, and what was said since then. */
type Reading = { epoch: string; hasStandby: boolean; leases: LeaseRow[] }
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
  const waits = new Map<string, Wait>()
  let running: Promise<void> | undefined
  let isClosed = false
  /** whether anybody in this process ever waited; where nobody does, notifications would wake it for nothing */
  let isAsked = false
  let isListening = false
  let again = false
  let failure: unknown
  /** the last look, as long as acknowledgements are all that can be news to those who wait */
  let looked: Reading | undefined
  /** the one that the last look saw */
  let epoch: string | undefined
  /** what verifiers said they have let go of since the last look was asked for, by incarnation */
  const said = new Map<string, number>()
  /** until the first lease runs out that somebody waits for */
  let restMs = pollMs
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
  // After an outage there may be thousands of changes to confirm at once, which takes longer than a look may.
  const resolving = openDedicatedConnection(world.config.databaseUrl, {
    name: 'keywarden settle',
    timeoutMs: 10_000,
    onConnect: (client) => client.query('set synchronous_commit = on'),
  })
  const sweeping = setInterval(() => void sweep(), orphanEveryMs)
  sweeping.unref()

  /** An acknowledgement: `seq incarnation`. */
  function hear(payload: string) {
    if (waits.size === 0) return
    const [seq, incarnation] = payload.split(' ') as [string, string]
    said.set(incarnation, Math.max(Number(seq), said.get(incarnation) ?? 0))
    go()
  }

  function wake() {
    looked = undefined
    go()
  }

  function go() {
    if (isClosed || waits.size === 0) return
    again = true
    running ??= rounds().finally(() => {
      running = undefined
      if (waits.size > 0 && !isClosed) rest()
    })
  }

  function rest() {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(pollMs, restMs))
    timer.unref()
  }

  async function rounds() {
    while (again && !isClosed) {
      again = false
      try {
        await round()
        failure = undefined
      } catch (error) {
        // Once when it begins: a round comes each tenth of a second.
        if (failure === undefined)
          world.log.warn({ error: String(error) }, 'changes cannot be confirmed at the moment')
        failure = error
        looked = undefined
        return
      }
    }
  }

  /** One look at all leases serves every wait, and what verifiers say after it spares the next. */
  async function round() {
    const atMs = time.monotonicMs()
    const seen = [...waits.values()]
    // Somebody who waits since the last look may wait for a lease that it did not see.
    if (!looked || seen.some((wait) => wait.sinceMs === undefined)) looked = await readNow(seen)
    const { hasStandby, epoch: seenIn } = looked
    const leases = looked.leases.map(withWhatWasSaid)
    let done: { seq: number; evidence: Omit<Evidence, 'tookMs'> } | undefined
    restMs = pollMs
    const open = seen.filter((wait) => waits.get(nameOf(wait)) === wait)
    for (const wait of open) {
      const { seq } = wait
      const lookedMs = atMs - wait.sinceMs!
      const { evidence, toFence, waitingFor } = judge(seq, leases, lookedMs)
      for (const lease of waitingFor) restMs = Math.min(restMs, lease.ttl_ms - lookedMs)
      await fenceAll(toFence)
      wait.waitingFor = [...waitingFor, ...toFence].map((lease) => lease.name)
      if (wait.waitingFor.length === 0 && seq > (done?.seq ?? 0))
        done = { seq, evidence: { ...evidence, waitedOut: wait.waitedOut } }
    }
    if (!done) return
    if (hasStandby) await proveDurable(connection)
    const receipts = await resolveChanges(resolving, world.clock, { ...done, epoch: seenIn })
    for (const wait of open) {
      if (wait.seq > done.seq) continue
      waits.delete(nameOf(wait))
      const receipt = receipts.get(wait.seq)
      end(wait, receipt ? { receipt } : {})
    }
  }

  async function readNow(seen: readonly Wait[]): Promise<Reading> {
    if (isAsked && !isListening) await connection.query(listen, [])
    isListening = isAsked
    // What was said before is in what is seen now, unless the database went back.
    said.clear()
    const rows = await connection.query<LookedRow>(look, [])
    const [{ epoch: found, has_standby: hasStandby }] = rows as [LookedRow]
    if (epoch !== found) for (const wait of waits.values()) beginAnew(wait)
    epoch = found
    // Not the moment before the question: until it was answered, leases of another epoch may have been granted.
    const nowMs = time.monotonicMs()
    for (const wait of seen) {
      if (wait.epoch === undefined || wait.epoch === epoch) wait.sinceMs ??= nowMs
      else if (waits.delete(nameOf(wait))) end(wait, { isRecovered: true })
    }
    const leases = rows.filter(({ incarnation }) => incarnation !== null)
    return { epoch, hasStandby, leases }
  }

  /** Both only grow, so the greater one is true. */
  const withWhatWasSaid = (lease: LeaseRow): LeaseRow => ({
    ...lease,
    acknowledged: Math.max(lease.acknowledged, said.get(lease.incarnation) ?? 0),
  })

  async function fenceAll(leases: readonly LeaseRow[]) {
    for (const { incarnation, renewals, name } of leases) {
      const [row] = await connection.query<{ fenced: boolean }>(fence, [incarnation, renewals])
      again = true
      looked = undefined
      if (!row!.fenced) continue
      world.log.warn({ verifier: name }, 'a verifier was silent for its whole lease and has lost it')
      for (const wait of waits.values()) wait.waitedOut.push(name)
    }
  }

  async function sweep() {
    const [row] = await connection
      .query<{ seq: number | null; epoch: string | null }>(orphans, [])
      .catch(() => [])
    if (!row?.seq || isClosed) return
    begin(row.seq, row.epoch ?? '')
  }

  function begin(seq: number, epoch: string | undefined): Wait {
    const name = nameOf({ seq, epoch })
    const wait = waits.get(name) ?? newWait(seq, epoch)
    waits.set(name, wait)
    wake()
    return wait
  }

  return {
    async confirm(seq, withinMs, epoch) {
      isAsked = true
      const wait = begin(seq, epoch)
      const outcome = await outcomeOf(wait, withinMs)
      if (!outcome && failure) return { state: 'unknown', reason: String(failure) }
      if (!outcome) return { state: 'pending', seq, waitingFor: wait.waitingFor }
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
      await running
    },
  }
}

const nameOf = ({ seq, epoch }: Pick<Wait, 'seq' | 'epoch'>): string => `${seq} ${epoch}`
