import type { Executor } from './database.ts'

/** A job that ran at least once: how late its next run is, and what the last one died of. */
export type JobState = { job: string; lateSeconds: number; limitSeconds: number; error: string | null }

/** Every job that has a next run, in calendar time; the worker writes when that is due and how late it may be. */
export async function readLateness(db: Executor, now: Date): Promise<JobState[]> {
  const { rows } = await db.raw(
    `select job, late_seconds as limit_seconds, greatest(0, extract(epoch from :now::timestamptz - next_due_at))::int as late,
       case when failed_at >= started_at then error end as error
     from job_runs where next_due_at is not null order by job`,
    { now },
  )
  type Row = { job: string; limit_seconds: number; late: number; error: string | null }
  return (rows as Row[]).map((row) => ({
    job: row.job,
    lateSeconds: row.late,
    limitSeconds: row.limit_seconds,
    error: row.error,
  }))
}

/** The jobs that are later than they may be, a sentence each. */
export const lateSentences = (states: readonly JobState[]): string[] =>
  states
    .filter((state) => state.lateSeconds > state.limitSeconds)
    .map((state) => `${state.job} is ${state.lateSeconds} s late, ${state.limitSeconds} s are allowed`)
