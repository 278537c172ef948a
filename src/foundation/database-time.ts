import type { Clock } from './clock.ts'
import type { Executor } from './database.ts'

/** Real milliseconds. A clock of a machine drifts by less than a millisecond in this time. */
const everyMs = 10_000

type Deps = { db: Executor; clock: Clock }

/** Corrects the clock by the database's time once. One that is injected for a calendar stays as it is. */
export async function hearDatabaseTime({ db, clock }: Deps): Promise<void> {
  if (!clock.hear) return
  const sentMs = performance.now()
  const { rows } = await db.raw('select extract(epoch from clock_timestamp())::float8 * 1000 as ms')
  clock.hear(rows[0].ms, sentMs, performance.now())
}

/**
 * Corrects the clock by the database's time, at once and every ten seconds: ends of keys are judged by it in every
 * process, also in one that holds no lease. While the database is out the clock goes on as it is.
 */
export async function followDatabaseTime(deps: Deps): Promise<{ stop(): void }> {
  const hear = () => hearDatabaseTime(deps).catch(() => undefined)
  await hear()
  const timer = deps.clock.hear ? setInterval(hear, everyMs).unref() : undefined
  return { stop: () => clearInterval(timer) }
}
