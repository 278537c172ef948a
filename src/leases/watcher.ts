import { openDedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { World } from '../foundation/world.ts'
import { judge, type LeaseRow } from './judge.ts'
import { type RealTime, realTime } from './lease.ts'
import { type Evidence, type Receipt, receiptOf, recovered } from './receipt.ts'
import { proveDurable, resolveChanges } from './resolve-changes.ts'
import { end, newWait, outcomeOf, restart, type Wait } from './wait.ts'

/** Reading the leases costs little, and a notification may be lost. */
const pollMs = 100
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

/** One reading of the leases, and the acknowledgements since. */
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
  /** the last reading, as long as only acknowledgements can have changed for those who wait */
  let reading: Reading | undefined
  /** that of the last reading */
  let epoch: string | undefined
  /** the highest change that each incarnation acknowledged since the last reading began */
  const acknowledged = new Map<string, number>()
  /** until the first lease runs out that a wait is for */
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
    if (waits.size === 0) return
    const [seq, incarnation] = payload.split(' ') as [string, string]
    acknowledged.set(incarnation, Math.max(Number(seq), acknowledged.get(incarnation) ?? 0))
    go()
  }

  function wake() {
    reading = undefined
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
          world.log.warn(
            { event: 'lease.confirmation_failed', error: String(error) },
            'failed to confirm changes',
          )
        failure = error
        reading = undefined
        return
      }
    }
  }

  /** One reading of all leases serves every wait, and acknowledgements after it spare the next. */
  async function round() {
    const atMs = time.monotonicMs()
    const open = [...waits.values()]
    // A wait that began after the last reading may be for a lease that it did not have.
    if (!reading || open.some((wait) => wait.sinceMs === undefined)) reading = await readNow(open)
    const { hasStandby, epoch: seenIn } = reading
    const leases = reading.leases.map(withAcknowledgements)
    let done: { seq: number; evidence: Omit<Evidence, 'tookMs'> } | undefined
    restMs = pollMs
    const stillOpen = open.filter((wait) => waits.get(nameOf(wait)) === wait)
    for (const wait of stillOpen) {
      const { seq } = wait
      const sinceMs = atMs - wait.sinceMs!
      const { evidence, toFence, waitingFor } = judge(seq, leases, sinceMs)
      for (const lease of waitingFor) restMs = Math.min(restMs, lease.ttl_ms - sinceMs)
      await fenceAll(toFence)
      wait.waitingFor = [...waitingFor, ...toFence].map((lease) => lease.name)
      if (wait.waitingFor.length === 0 && seq > (done?.seq ?? 0))
        done = { seq, evidence: { ...evidence, waitedOut: wait.waitedOut } }
    }
    if (!done) return
    if (hasStandby) await proveDurable(connection)
    const receipts = await resolveChanges(resolving, world.clock, { ...done, epoch: seenIn })
    for (const wait of stillOpen) {
      if (wait.seq > done.seq) continue
      waits.delete(nameOf(wait))
      const receipt = receipts.get(wait.seq)
      end(wait, receipt ? { receipt } : {})
    }
  }

  async function readNow(open: readonly Wait[]): Promise<Reading> {
    if (isAsked && !isListening) await connection.query(listen, [])
    isListening = isAsked
    // This reading holds all earlier acknowledgements, unless the database went back.
    acknowledged.clear()
    const rows = await connection.query<LeaseReadingRow>(leasesQuery, [])
    const [{ epoch: found, has_standby: hasStandby }] = rows as [LeaseReadingRow]
    if (epoch !== found) for (const wait of waits.values()) restart(wait)
    epoch = found
    // Not the moment before the question: until it was answered, leases of another epoch may have been granted.
    const nowMs = time.monotonicMs()
    for (const wait of open) {
      if (wait.epoch === undefined || wait.epoch === epoch) wait.sinceMs ??= nowMs
      else if (waits.delete(nameOf(wait))) end(wait, { isRecovered: true })
    }
    const leases = rows.filter(({ incarnation }) => incarnation !== null)
    return { epoch, hasStandby, leases }
  }

  /** Both only grow, so the greater one is true. */
  const withAcknowledgements = (lease: LeaseRow): LeaseRow => ({
    ...lease,
    acknowledged: Math.max(lease.acknowledged, acknowledged.get(lease.incarnation) ?? 0),
  })

  async function fenceAll(leases: readonly LeaseRow[]) {
    for (const { incarnation, renewals, name } of leases) {
      const [row] = await connection.query<{ fenced: boolean }>(fence, [incarnation, renewals])
      again = true
      reading = undefined
      if (!row!.fenced) continue
      world.log.warn(
        { event: 'lease.fenced', verifier: name },
        'fenced a verifier that did not renew its lease',
      )
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
