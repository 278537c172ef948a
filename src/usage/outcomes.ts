import type { Executor } from '../foundation/database.ts'
import { columnsOf } from './columns.ts'
import { bucketMs, type Cell, otherEndpoint, type StatusClass } from './counter.ts'

/** What the platform says became of a request: the HTTP status it answered with, and when. */
export type Outcome = { keyId: string; endpoint: string; status: number; at?: Date }

const futureMs = 5 * 60_000
const pastMs = 7 * 86_400_000
const endpointsPerBatch = 100

/**
 * Adds a batch of outcomes, durably and once: a batch whose id was seen is ignored. Keys of other accounts are
 * passed over in silence. Times further than five minutes ahead or seven days back are taken as now.
 * @returns false for a batch that had come before
 */
export async function recordOutcomes(
  db: Executor,
  accountId: string,
  batchId: string,
  outcomes: readonly Outcome[],
  now: Date,
): Promise<boolean> {
  const { names, endpoints, classes, buckets, keys, counts } = columnsOf(sum(outcomes, now.getTime()))
  const { rows } = await db.raw('select record_outcomes(?, ?, ?, ?, ?, ?, ?, ?, ?) as is_new', [
    ...[accountId, batchId, now],
    ...[names, endpoints, classes, buckets, keys, counts],
  ])
  return rows[0].is_new
}

/** Outcomes of the same key, endpoint, class and five minutes as one cell; sorted by key. */
function sum(outcomes: readonly Outcome[], nowMs: number): Cell[] {
  const cells = new Map<string, Cell>()
  const endpoints = new Set<string>()
  for (const { keyId, endpoint: named, status, at } of outcomes) {
    if (endpoints.size < endpointsPerBatch) endpoints.add(named)
    const endpoint = endpoints.has(named) ? named : otherEndpoint
    const statusClass = Math.floor(status / 100) as StatusClass
    const bucket = Math.floor(near(at?.getTime() ?? nowMs, nowMs) / bucketMs)
    const name = `${keyId} ${bucket} ${statusClass} ${endpoint}`
    const cell = cells.get(name) ?? { keyId, endpoint, statusClass, bucket, requests: 0 }
    cell.requests++
    cells.set(name, cell)
  }
  return [...cells.values()].sort((a, b) => (a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0))
}

const near = (atMs: number, nowMs: number) =>
  atMs > nowMs + futureMs || atMs < nowMs - pastMs || Number.isNaN(atMs) ? nowMs : atMs
