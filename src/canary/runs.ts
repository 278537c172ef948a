import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import type { Fault, Outcome } from './fault.ts'

/** Five weeks: a digest needs one. */
const keptMs = 35 * dayMs

/** A run that has come to its end. */
export type FinishedRun = {
  keyId: string
  beganAt: Date
  outcome: Outcome
  /** how many verifiers judged it as they should, both times */
  verifiers: number
  faults: Fault[]
  /** from the end of the key to its confirmation; null when that was not confirmed */
  confirmedMs: number | null
}

type Row = {
  key_id: string
  began_at: Date
  outcome: Outcome
  verifiers: number
  faults: Fault[]
  confirmed_ms: number | null
}

const toRun = (row: Row): FinishedRun => ({
  keyId: row.key_id,
  beganAt: row.began_at,
  outcome: row.outcome,
  verifiers: row.verifiers,
  faults: row.faults,
  confirmedMs: row.confirmed_ms,
})

/** The last run of all, and when the last good one began; undefined where there never was one. */
export async function lastRuns(
  db: Executor,
): Promise<{ last: FinishedRun | undefined; goodAt: Date | undefined }> {
  const finished = () => db('canary_runs').whereNotNull('finished_at').orderBy('began_at', 'desc')
  const last = await finished().first()
  const good = last?.outcome === 'good' ? last : await finished().where({ outcome: 'good' }).first('began_at')
  return { last: last && toRun(last), goodAt: good?.began_at }
}

/** Runs in a row that were not good, up to the last one, which is less than a day old. */
export type BadStreak = { first: FinishedRun; last: FinishedRun; runs: number; wrong: number }

/** undefined while the last run was good, or is a day old */
export async function badStreak(
  db: Executor,
  workspaceId: string,
  now: Date,
): Promise<BadStreak | undefined> {
  const rows: Row[] = await db('canary_runs')
    .where({ workspace_id: workspaceId })
    .whereIn('outcome', ['late', 'wrong'])
    .whereRaw(
      `began_at > coalesce((select max(began_at) from canary_runs
         where workspace_id = ? and outcome = 'good'), '-infinity')`,
      [workspaceId],
    )
    .orderBy('began_at')
    .select()
  const [first, last] = [rows[0], rows.at(-1)]
  if (!first || !last || last.began_at.getTime() <= now.getTime() - dayMs) return undefined
  const wrong = rows.filter(({ outcome }) => outcome === 'wrong').length
  return { first: toRun(first), last: toRun(last), runs: rows.length, wrong }
}

/** When the first good run since that moment ended; undefined if there was none. */
export async function goodSince(db: Executor, workspaceId: string, since: Date): Promise<Date | undefined> {
  const row = await db('canary_runs')
    .where({ workspace_id: workspaceId, outcome: 'good' })
    .where('finished_at', '>=', since)
    .orderBy('finished_at')
    .first('finished_at')
  return row?.finished_at
}

/** The figures of the runs of a week. */
export type WeekOfCanary = { runs: number; good: number; longestMs: number | null }

/** Of the account's canary; undefined when there was no run. */
export async function weekOfCanary(
  db: Executor,
  accountId: string,
  from: Date,
  to: Date,
): Promise<WeekOfCanary | undefined> {
  const { rows } = await db.raw(
    `select count(*)::int as runs, count(*) filter (where outcome = 'good')::int as good,
       max(confirmed_ms) as "longestMs"
     from canary_runs r join workspaces w on w.id = r.workspace_id
     where w.account_id = ? and r.finished_at is not null and r.began_at >= ? and r.began_at < ?`,
    [accountId, from, to],
  )
  return rows[0].runs > 0 ? rows[0] : undefined
}

/** Forgets runs that are older than they are kept, with their answers. */
export async function forgetRuns(db: Executor, now: Date): Promise<void> {
  await db('canary_runs')
    .where('began_at', '<', new Date(now.getTime() - keptMs))
    .whereNotNull('finished_at')
    .delete()
}
