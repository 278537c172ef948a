import type { Executor } from '../foundation/database.ts'
import type { Link } from './chain.ts'
import { type Format, headOf, linesOf } from './formats.ts'

/** Which events of a chain: all, or those of a key, or of a time (`from` included, `to` not). */
export type ExportFilter = { keyId?: string; from?: Date; to?: Date }

const pageSize = 1_000

/**
 * The events of these workspaces as text, piece by piece: memory stays the same however long the chains are. What
 * is appended after the beginning is left out.
 */
export async function* exportEvents(
  db: Executor,
  workspaceIds: readonly string[],
  filter: ExportFilter,
  format: Format,
): AsyncGenerator<string> {
  const heads = await db('audit_heads').whereIn('workspace_id', workspaceIds).select('workspace_id', 'seq')
  if (headOf(format) !== '') yield headOf(format)
  for (const id of workspaceIds) {
    const head = heads.find((row) => row.workspace_id === id)?.seq ?? 0
    for await (const links of pagesOf(db, id, head, filter))
      if (links.length > 0) yield linesOf(links, format)
  }
}

async function* pagesOf(
  db: Executor,
  workspaceId: string,
  head: number,
  { keyId, from, to }: ExportFilter,
): AsyncGenerator<Link[]> {
  for (let after = 0, full = true; full; ) {
    const rows = await page(db, workspaceId, after, head, keyId)
    yield rows.filter(({ at }) => (!from || at >= from) && (!to || at < to)).map(toLink)
    full = rows.length === pageSize
    after = rows.at(-1)?.seq ?? after
  }
}

export type Row = {
  workspace_id: string
  seq: number
  at: Date
  event: string
  actor_kind: string
  actor_id: string
  key_id: string | null
  previous_hash: Buffer
  hash: Buffer
  body: string
}

/** At most `pageSize` events after that number, up to `head`, in order. */
export function page(
  db: Executor,
  workspaceId: string,
  after: number,
  head: number,
  keyId?: string,
): Promise<Row[]> {
  const query = db('audit_events')
    .where({ workspace_id: workspaceId, ...(keyId === undefined ? {} : { key_id: keyId }) })
    .where('seq', '>', after)
    .where('seq', '<=', head)
  return query.orderBy('seq').limit(pageSize).select('*')
}

export const toLink = (row: Row): Link => ({
  workspace: row.workspace_id,
  seq: row.seq,
  previousHash: row.previous_hash.toString('hex'),
  hash: row.hash.toString('hex'),
  body: row.body,
})
