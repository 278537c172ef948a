import type { Executor } from '../../src/foundation/database.ts'
import { columnsOf } from '../../src/usage/columns.ts'
import { bucketMs, otherEndpoint, type StatusClass } from '../../src/usage/counter.ts'

/** Requests that were verified, or outcomes that were reported, of one key at one moment. */
export type Use = { keyId: string; at: Date; endpoint?: string } & (
  | { requests: number; refused?: boolean }
  | { outcomes: number; status: StatusClass }
)

/** Counts these uses through the database's own function, as a flush and a batch do. */
export async function use(db: Executor, uses: readonly Use[]): Promise<void> {
  for (const source of ['verify', 'outcome']) {
    const cells = uses
      .filter((one) => 'requests' in one === (source === 'verify'))
      .map((one) => ({
        ...{ keyId: one.keyId, endpoint: one.endpoint ?? otherEndpoint },
        bucket: Math.floor(one.at.getTime() / bucketMs),
        statusClass: 'requests' in one ? ((one.refused ? 4 : 2) as StatusClass) : one.status,
        requests: 'requests' in one ? one.requests : one.outcomes,
      }))
    // A statement may touch a row once.
    for (const cell of cells) {
      const { names, endpoints, classes, buckets, keys, counts } = columnsOf([cell])
      await db.raw('select add_usage(?, ?, ?, ?, ?, ?, ?)', [
        ...[source, names, endpoints, classes, buckets, keys, counts],
      ])
    }
  }
}
