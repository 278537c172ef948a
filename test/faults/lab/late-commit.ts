import pg from 'pg'
import { expect } from 'vitest'
import { type Cable, openCable } from './cable.ts'

/** How a COMMIT ends after its client was cut off; `unknown`: it is committed, but the client cannot ask for a while. */
export type Ending = 'committed' | 'rolled back' | 'unknown'

/** A way to a database on which one COMMIT at a time can be made to last until its client is gone. */
export type LateCommits = {
  cable: Cable
  /**
   * Starts `work`, waits until its transaction is at COMMIT with a change of that table, cuts the client off, and lets the
   * COMMIT end in that way. Returns what `work` returns.
   */
  cutOff<T>(table: string, ending: Ending, work: () => Promise<T>): Promise<T>
  /** The same without a cut: `meanwhile` runs while the transaction is at COMMIT, which goes on afterwards. */
  meanwhile<T, M>(table: string, work: () => Promise<T>, meanwhile: () => Promise<M>): Promise<[T, M]>
  close(): Promise<void>
}

const lock = 771
const patience = { timeout: 30_000, interval: 20 }

export async function openLateCommits(databaseUrl: string): Promise<LateCommits> {
  const cable = await openCable(databaseUrl)
  const other = new pg.Client(databaseUrl)
  // The database may be dropped before it ends.
  other.on('error', () => undefined)
  await other.connect()
  // It waits longer than for any lock: only the test ends it.
  await other.query(`create function is_late() returns trigger language plpgsql as $$
    begin perform set_config('lock_timeout', '0', true); perform pg_advisory_xact_lock_shared(${lock}); return null; end $$`)
  const waiting = async (kind: string): Promise<number[]> => {
    const { rows } = await other.query(
      `select pid from pg_locks where not granted and ${kind}
         and pid in (select pid from pg_stat_activity where datname = current_database())`,
    )
    return rows.map((row) => row.pid)
  }

  async function end(ending: Ending, late: number): Promise<void> {
    if (ending === 'unknown') cable.lead('postgres://127.0.0.1:1/nowhere')
    cable.reset()
    if (ending === 'rolled back') await other.query('select pg_terminate_backend($1)', [late])
    // The client asks what became of it while it is still under way.
    if (ending === 'committed')
      await expect.poll(() => waiting(`locktype = 'transactionid'`), patience).toHaveLength(1)
  }

  /** Runs `then` with the backend that is at COMMIT. */
  async function late<T>(table: string, work: () => Promise<T>, then: (backend: number) => Promise<void>) {
    await other.query(`create constraint trigger a_late after insert or update on ${table}
      deferrable initially deferred for each row execute function is_late()`)
    await other.query(`select pg_advisory_lock(${lock})`)
    try {
      const done = work()
      done.catch(() => undefined)
      const waits = () => waiting(`locktype = 'advisory' and objid = ${lock}`)
      await expect.poll(waits, patience).toHaveLength(1)
      const [backend] = await waits()
      await then(backend!)
      return await done
    } finally {
      await other.query('select pg_advisory_unlock_all()')
      cable.lead(databaseUrl)
      await other.query(`drop trigger a_late on ${table}`)
    }
  }

  return {
    cable,
    cutOff: (table, ending, work) =>
      late(table, work, async (backend) => {
        await end(ending, backend)
        if (ending !== 'unknown') await other.query('select pg_advisory_unlock_all()')
      }),
    async meanwhile<T, M>(table: string, work: () => Promise<T>, meanwhile: () => Promise<M>) {
      let seen: { value: M } | undefined
      const done = await late(table, work, async () => {
        seen = { value: await meanwhile() }
        await other.query('select pg_advisory_unlock_all()')
      })
      return [done, seen!.value] as [T, M]
    },
    async close() {
      await other.end()
      await cable.close()
    },
  }
}
