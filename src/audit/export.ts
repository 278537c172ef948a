import type { Executor } from '../foundation/database.ts'
import { hashOfDigest, type Link } from './chain.ts'
import { digestsPerLine, type Format, headOf, leftOutLine, linesOf } from './formats.ts'

/** Which events of a chain: all, or those of a key, of a time (`from` included, `to` not), or with these numbers. */
export type ExportFilter = { keyId?: string; from?: Date; to?: Date; seqs?: readonly number[] }

const pageSize = 1_000

/**
 * The events of these workspaces as text, piece by piece: memory stays the same however long the chains are. What
 * is appended after the beginning is left out. Where the filter leaves events out after the first one, their digests
 * stand in their place up to the end of the chain, so that hashes lead from every event to the next checkpoint.
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
    const first = await firstOf(db, id, filter)
    if (first !== undefined) yield* linesFrom(db, { id, after: first - 1, head }, filter, format)
  }
}

type Span = { id: string; after: number; head: number }
type ExportedRow = Row & { wanted: boolean }

async function* linesFrom(
  db: Executor,
  span: Span,
  filter: ExportFilter,
  format: Format,
): AsyncGenerator<string> {
  let { after } = span
  for (let full = true; full; ) {
    const rows = await somePage(db, { ...span, after }, filter)
    const lines = groupRuns(rows).map(([first, ...others]) => {
      const run = [first!, ...others]
      if (first!.wanted) return linesOf(run.map(toLink), format)
      const { workspace_id: workspace, seq } = first!
      return leftOutLine({ workspace, seq, digests: run.map(({ body }) => body) }, format)
    })
    if (lines.length > 0) yield lines.join('')
    full = rows.length === pageSize
    after = rows.at(-1)?.seq ?? after
  }
}

/** Consecutive rows that are wanted, or left out with a digest. A row whose hash is over its text has no digest. */
function groupRuns(rows: readonly ExportedRow[]): ExportedRow[][] {
  const runs: ExportedRow[][] = []
  for (const row of rows) {
    if (!row.wanted && !hasDigest(row)) continue
    const run = runs.at(-1)
    const last = run?.at(-1)
    const isNext = last?.wanted === row.wanted && last.seq === row.seq - 1
    if (isNext && (row.wanted || run!.length < digestsPerLine)) run!.push(row)
    else runs.push([row])
  }
  return runs
}

const hasDigest = ({ workspace_id, seq, previous_hash, hash, body }: Row): boolean =>
  hashOfDigest(workspace_id, seq, previous_hash.toString('hex'), body) === hash.toString('hex')

async function firstOf(
  db: Executor,
  id: string,
  { keyId, from, to, seqs }: ExportFilter,
): Promise<number | undefined> {
  const query = db('audit_events').where({
    workspace_id: id,
    ...(keyId === undefined ? {} : { key_id: keyId }),
  })
  if (from) query.where('at', '>=', from)
  if (to) query.where('at', '<', to)
  if (seqs) query.whereIn('seq', [...seqs])
  return (await query.orderBy('seq').first('seq'))?.seq
}

/** The next events after that one; in the place of a text that is not wanted stands its digest. */
async function somePage(
  db: Executor,
  { id, after, head }: Span,
  { keyId, from, to, seqs }: ExportFilter,
): Promise<ExportedRow[]> {
  const { rows } = await db.raw(
    `select workspace_id, seq, previous_hash, hash, wanted,
       case when wanted then body else encode(sha256(convert_to(body, 'UTF8')), 'hex') end as body
     from (
       select *, coalesce((cast(:keyId as text) is null or key_id = :keyId)
           and (cast(:from as timestamptz) is null or at >= :from)
           and (cast(:to as timestamptz) is null or at < :to)
           and (cast(:seqs as bigint[]) is null or seq = any(:seqs)), false) as wanted
       from audit_events
       where workspace_id = :id and seq > :after and seq <= :head order by seq limit :pageSize) e
     order by seq`,
    {
      id,
      after,
      head,
      pageSize,
      keyId: keyId ?? null,
      from: from ?? null,
      to: to ?? null,
      seqs: seqs ? [...seqs] : null,
    },
  )
  return rows
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
export const page = (db: Executor, workspaceId: string, after: number, head: number): Promise<Row[]> =>
  db('audit_events')
    .where({ workspace_id: workspaceId })
    .where('seq', '>', after)
    .where('seq', '<=', head)
    .orderBy('seq')
    .limit(pageSize)
    .select('*')

export const toLink = (row: Pick<Row, 'workspace_id' | 'seq' | 'previous_hash' | 'hash' | 'body'>): Link => ({
  workspace: row.workspace_id,
  seq: row.seq,
  previousHash: row.previous_hash.toString('hex'),
  hash: row.hash.toString('hex'),
  body: row.body,
})
