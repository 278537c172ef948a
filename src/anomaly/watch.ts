import { minuteMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { bucketMs } from '../usage/cell.ts'
import { readFlushedThrough } from '../usage/watermark.ts'
import { dueKeys } from './due.ts'
import { endCalm } from './episodes.ts'
import { gatherFleets } from './fleet.ts'
import { doubtStates, readProgress, writeProgress } from './progress.ts'
import { stepAll } from './step-all.ts'
import type { Run } from './step-keys.ts'
import { zonesOf } from './zones.ts'

type Deps = Pick<World, 'db' | 'clock' | 'random'>

/** Counters write each second; what was counted in a bucket is there a little after its end. */
const graceMs = 60_000
/** A counter that has not flushed everything is not waited for any longer. */
const timeoutMs = 10 * minuteMs

/** The result of a run; `left` keys were due and wait for the next one. */
export type WatchResult = { keys: number; left: number }

/**
 * Steps the detector of every key that had requests since the last run, or whose silence could be news. It never
 * counts ticks: what was missed while nobody ran is stepped through now, each key from where it was left.
 */
export async function watchUse(world: Deps): Promise<WatchResult> {
  const { db, clock } = world
  const now = clock.now()
  const [before, flushedThrough] = await Promise.all([readProgress(db), readFlushedThrough(db)])
  const until = untilWhen(now, flushedThrough)
  const from = before?.through ?? new Date(until.getTime() - bucketMs)
  if (before && until <= from) return { keys: 0, left: 0 }
  const run: Run = { until, newsFrom: from, zones: await zonesOf(db) }
  const due = await dueKeys(db, from, until)
  const done = await stepAll(world, run, due)
  const left = due.length - done
  const doubtFrom = await doubtsAfter(world, before?.doubtFrom ?? null, { from, until, flushedThrough })
  await writeProgress(db, { through: left > 0 ? from : until, doubtFrom })
  await db.transaction((trx) => endCalm(trx, now))
  await gatherFleets(world, until)
  return { keys: done, left }
}

/** Whole buckets whose counts should all have been written, or were waited for long enough. */
function untilWhen(now: Date, flushedThrough: Date | undefined): Date {
  const latest = now.getTime() - graceMs
  const flushed = Math.min(latest, Math.max(flushedThrough?.getTime() ?? latest, now.getTime() - timeoutMs))
  return new Date(Math.floor(flushed / bucketMs) * bucketMs)
}

type Time = { from: Date; until: Date; flushedThrough: Date | undefined }

/** Since when counts may be missing; once every counter has flushed, states that were stepped too early are rebuilt. */
async function doubtsAfter({ db }: Deps, since: Date | null, { from, until, flushedThrough }: Time) {
  if (!flushedThrough) return since ?? from
  if (flushedThrough < until) return since ?? new Date(Math.max(flushedThrough.getTime(), from.getTime()))
  if (since) await doubtStates(db, since, from)
  return null
}
