import type { Executor } from '../foundation/database.ts'
import type { Entry } from './chain.ts'
import { page, type Row, toLink } from './export.ts'
import type { Break } from './inspect.ts'
import { type Verification, verifyEntries } from './verify.ts'
import type { Witnesses } from './witnesses.ts'

/**
 * Verifies what the database holds of these workspaces: the chains, the columns beside their texts, and that each
 * chain ends where its head says.
 */
export async function verifyDatabase(
  db: Executor,
  workspaceIds: readonly string[],
  witnesses: Witnesses,
): Promise<Verification> {
  const ends = new Map<string, End>()
  for (const id of workspaceIds) ends.set(id, await endOf(db, id))
  const options = { witnesses, partial: false, workspaces: workspaceIds }
  const verification = await verifyEntries(entriesOf(db, ends), options)
  for (const { workspace: id, breaks } of verification.chains) breaks.push(...breaksAt(ends.get(id)))
  return verification
}

/** A chain's head, and the last event there is: read at one moment, so nothing was appended in between. */
type End = { head: number; hash: string | null; last: number; hashAtHead: string | null }

async function endOf(db: Executor, id: string): Promise<End> {
  const { rows } = await db.raw(
    `select coalesce(h.seq, 0) as head, encode(h.hash, 'hex') as hash,
       coalesce((select max(seq) from audit_events e where e.workspace_id = w.id), 0) as last,
       (select encode(e.hash, 'hex') from audit_events e where e.workspace_id = w.id and e.seq = h.seq) as "hashAtHead"
     from (select ?::text as id) w left join audit_heads h on h.workspace_id = w.id`,
    [id],
  )
  return rows[0]
}

function breaksAt(end: End | undefined): Break[] {
  if (!end) return []
  const { head, hash, last, hashAtHead } = end
  if (last < head)
    return [{ kind: 'truncated', from: last + 1, to: head, why: `the head of the chain counts ${head}` }]
  if (last > head)
    return [{ kind: 'inserted', from: head + 1, to: last, why: `the head of the chain counts ${head}` }]
  if (hash === hashAtHead) return []
  return [{ kind: 'altered', from: head, to: head, why: 'the head of the chain has another hash' }]
}

async function* entriesOf(db: Executor, ends: ReadonlyMap<string, End>): AsyncGenerator<Entry> {
  for (const [id, { last }] of ends)
    for (let after = 0, rows: Row[] = []; after < last; after = rows.at(-1)!.seq) {
      rows = await page(db, id, after, last)
      if (rows.length === 0) break
      yield* rows.map(toEntry)
    }
}

/** The columns that queries use must say what the text says. */
function toEntry(row: Row): Entry {
  const differing = differingColumn(row)
  return { ...toLink(row), ...(differing ? { contradiction: differing } : {}) }
}

function differingColumn(row: Row): string | undefined {
  try {
    const { at, event, actor, keyId } = JSON.parse(row.body)
    const column = [
      new Date(at).getTime() !== row.at.getTime() && 'at',
      event !== row.event && 'event',
      (actor.kind !== row.actor_kind || actor.id !== row.actor_id) && 'actor',
      (keyId ?? null) !== row.key_id && 'key',
    ].find((name) => name !== false)
    return column && `${column} does not say what its text says`
  } catch {
    return 'its text cannot be read'
  }
}
