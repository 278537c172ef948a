import type { Executor } from '../foundation/database.ts'
import { dayMs, weekMs } from '../foundation/time.ts'
import { bucketMs, type Cell, inOrder, otherEndpoint, type StatusClass } from './cell.ts'
import { columnsOf } from './columns.ts'

/** The platform's report of a request: the HTTP status it answered with, when, and to whom. */
type Outcome = {
  keyId: string
  endpoint: string
  status: number
  at?: Date
  ip?: string | undefined
  userAgent?: string | undefined
}

/** A batch as it was sent. `sentAt`: what the sender's clock said as it sent it this time. */
export type Batch = { id: string; sentAt?: Date; outcomes: readonly Outcome[] }

/** An outcome on our calendar. */
export type Dated = Outcome & { at: Date }

export type Recorded = {
  /** false for a batch that had come before: nothing was counted */
  isNew: boolean
  /** outcomes that were left out, being older than a week */
  tooOld: number
  /** what was counted, for keys of the account alone */
  counted: Dated[]
}

/** Further back than this nobody knows any longer whether a batch came before. */
const pastMs = weekMs
/** A batch is remembered for longer than its outcomes may be old. */
const batchesKeptMs = pastMs + dayMs
/** A clock that is off by less is right: what is in between is the way. */
const skewMs = 30_000
const endpointsPerBatch = 100

/**
 * Adds a batch of outcomes, durably and once: a batch whose id was seen is ignored. Keys of other accounts are
 * passed over in silence. A sender's clock that is wrong is put right by `sentAt`; nothing is dated in the future,
 * and what is older than a week is left out.
 */
export async function recordOutcomes(
  db: Executor,
  accountId: string,
  batch: Batch,
  now: Date,
): Promise<Recorded> {
  const dated = dateOutcomes(batch, now)
  const tooOld = batch.outcomes.length - dated.length
  const { names, endpoints, classes, buckets, keys, counts } = columnsOf(sum(dated))
  const { rows } = await db.raw('select take_outcomes(?, ?, ?, ?, ?, ?, ?, ?, ?) as known', [
    ...[accountId, batch.id, now],
    ...[names, endpoints, classes, buckets, keys, counts],
  ])
  if (!rows[0].known) return { isNew: false, tooOld, counted: [] }
  const known = new Set<string>(rows[0].known)
  return { isNew: true, tooOld, counted: dated.filter(({ keyId }) => known.has(keyId)) }
}

/** Forgets batches that are too old to be sent again. @returns how many */
export const forgetBatches = (db: Executor, now: Date): Promise<number> =>
  db('usage_batches')
    .where('at', '<', new Date(now.getTime() - batchesKeptMs))
    .delete()

/** Outcomes by our clock rather than by the sender's; without those that are too old. Pure. */
export function dateOutcomes({ sentAt, outcomes }: Batch, now: Date): Dated[] {
  const nowMs = now.getTime()
  const aheadMs = sentAt ? sentAt.getTime() - nowMs : 0
  const wrongMs = Math.abs(aheadMs) > skewMs ? aheadMs : 0
  return outcomes.flatMap((outcome) => {
    const atMs = Math.min(nowMs, (outcome.at?.getTime() ?? nowMs + wrongMs) - wrongMs)
    return atMs < nowMs - pastMs ? [] : [{ ...outcome, at: new Date(atMs) }]
  })
}

/** Outcomes of the same key, endpoint, class and five minutes as one cell, in the order of all that is counted. */
function sum(outcomes: readonly Dated[]): Cell[] {
  const cells = new Map<string, Cell>()
  const endpoints = new Set<string>()
  for (const { keyId, endpoint: named, status, at } of outcomes) {
    if (endpoints.size < endpointsPerBatch) endpoints.add(named)
    const endpoint = endpoints.has(named) ? named : otherEndpoint
    const statusClass = Math.floor(status / 100) as StatusClass
    const bucket = Math.floor(at.getTime() / bucketMs)
    const name = `${keyId} ${bucket} ${statusClass} ${endpoint}`
    const cell = cells.get(name) ?? { keyId, endpoint, statusClass, bucket, requests: 0 }
    cell.requests++
    cells.set(name, cell)
  }
  return [...cells.values()].sort(inOrder)
}
