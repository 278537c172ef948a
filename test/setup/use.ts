import type { Executor } from '../../src/foundation/database.ts'
import { bucketMs, type Cell, otherEndpoint, type StatusClass } from '../../src/usage/cell.ts'
import { columnsOf } from '../../src/usage/columns.ts'

/** Requests that were verified, or outcomes that were reported, of one key at one moment. */
export type Use = { keyId: string; at: Date; endpoint?: string } & (
  | { requests: number; refused?: boolean }
  | { outcomes: number; status: StatusClass }
)

/** Counts these uses through the database's own function, as a flush and a batch do. */
export async function use(db: Executor, uses: readonly Use[]): Promise<void> {
  for (const source of ['verify', 'outcome']) {
    const cells = new Map<string, Cell>()
    for (const one of uses) {
      if ('requests' in one !== (source === 'verify')) continue
      const cell = cellOf(one)
      const { keyId, bucket, statusClass, endpoint } = cell
      // A statement may touch a row once.
      const name = `${keyId} ${bucket} ${statusClass} ${endpoint}`
      const before = cells.get(name)
      if (before) before.requests += cell.requests
      else cells.set(name, cell)
    }
    const { names, endpoints, classes, buckets, keys, counts } = columnsOf([...cells.values()])
    const columns = [names, endpoints, classes, buckets, keys, counts]
    await db.raw('select add_usage(?, ?, ?, ?, ?, ?, ?)', [source, ...columns])
  }
}

const cellOf = (one: Use): Cell => ({
  keyId: one.keyId,
  endpoint: one.endpoint ?? otherEndpoint,
  bucket: Math.floor(one.at.getTime() / bucketMs),
  statusClass: 'requests' in one ? (one.refused ? 4 : 2) : one.status,
  requests: 'requests' in one ? one.requests : one.outcomes,
})

/** The options of a counter that keeps nothing. */
export const everything = {
  cells: Number.POSITIVE_INFINITY,
  sources: Number.POSITIVE_INFINITY,
  recent: Number.POSITIVE_INFINITY,
}
