import { csvHead, csvLines } from '../../foundation/csv.ts'
import type { Executor } from '../../foundation/database.ts'
import type { Period } from '../range.ts'
import { type Reach, reachOf } from '../roll-up.ts'
import { figures, type Sums, sums, usageRows } from '../rows.ts'
import { planSegments } from '../segments.ts'
import { type Step, stepMs, stepOf } from '../step.ts'

const columns = ['at', 'workspace', 'key_id', 'key', 'endpoint', 'requests', 'refused', 'outcomes', 'failed']

/** Whose use: of one key, or of all keys of a workspace. Steps from the one that holds `from` until before `to`. */
export type UsageExport = Period & { workspaceIds: readonly string[]; keyId?: string; step: Step }

type ExportedKey = { id: string; name: string; workspace: string }
type Row = Sums & { keyId: string; at: Date; endpoint: string }

const keysPerBatch = 50

/**
 * Use as CSV, piece by piece, a line per key, step and endpoint: memory stays the same however many keys there are.
 * Steps past their retention are absent.
 */
export async function* exportUsage(db: Executor, what: UsageExport): AsyncGenerator<string> {
  yield csvHead(columns)
  const reach = await reachOf(db)
  for (let after = ''; ; ) {
    const keys = await someKeys(db, what, after)
    if (keys.length > 0) yield await linesOf(db, keys, what, reach)
    if (keys.length < keysPerBatch) return
    after = keys.at(-1)!.id
  }
}

const someKeys = (
  db: Executor,
  { workspaceIds, keyId }: UsageExport,
  after: string,
): Promise<ExportedKey[]> =>
  db('keys')
    .join('workspaces', 'workspaces.id', 'workspace_id')
    .whereIn('workspace_id', [...workspaceIds])
    .where('keys.id', '>', after)
    .modify((query) => void (keyId && query.where('keys.id', keyId)))
    .orderBy('keys.id')
    .limit(keysPerBatch)
    .select('keys.id', 'keys.name', 'workspaces.name as workspace')

async function linesOf(
  db: Executor,
  keys: readonly ExportedKey[],
  { from, to, step }: UsageExport,
  reach: Reach,
): Promise<string> {
  const byId = new Map(keys.map((key) => [key.id, key]))
  const used = usageRows([...byId.keys()], planSegments({ from: stepOf(from, step), to }, step, reach))
  const { rows } = await db.raw(
    `select key_id as "keyId", date_bin(make_interval(secs => ?), at, 'epoch') as at, e.name as endpoint, ${sums}
     from (${used.sql}) as used join usage_endpoints e on e.id = endpoint_id
     group by 1, 2, 3 order by 1, 2, 3`,
    [stepMs[step] / 1000, ...used.values],
  )
  return csvLines(
    (rows as Row[]).map(figures<Row>).map(({ keyId, at, endpoint, requests, refused, outcomes, failed }) => {
      const { workspace, name } = byId.get(keyId)!
      return [at.toISOString(), workspace, keyId, name, endpoint, requests, refused, outcomes, failed]
    }),
  )
}
