import type { Executor } from '../foundation/database.ts'
import type { DedicatedConnection } from '../foundation/dedicated-connection.ts'

/** The entries that a verifier must forget. An import makes hashes known that may be remembered as unknown. */
export type Subject =
  | { kind: 'key' | 'service-token'; tokenHash: Buffer }
  | { kind: 'workspace' | 'account'; id: string }
  | { kind: 'import' | 'all' }

type Change = { seq: number; subjects: Subject[] }

type Row = { seq: number; kind: Subject['kind']; id: string; token_hash: Buffer; epoch: string }

/** How far a verifier has read: a change with many subjects is read in several pages. */
export type Position = Pick<Row, 'seq' | 'kind' | 'id' | 'token_hash'>

export type Page = {
  changes: Change[]
  /** undefined when nothing changed */
  epoch: string | undefined
  /** the newest change of which all subjects were read, here or before; undefined when there is none */
  through: number | undefined
  /** where the next page begins; undefined when this was the last page */
  next: Position | undefined
}

// Bounded, because a campaign or a long silence makes many; no verify waits for longer than one page takes.
const subjectsPerBatch = 100

const statement = {
  name: 'changes',
  text: `select seq, kind, id, token_hash, (select id from epoch) as epoch from change_subjects
    where (seq, kind, id, token_hash) > ($1, $2, $3, $4)
    order by seq, kind, id, token_hash limit ${subjectsPerBatch}`,
}

/** Before everything that a change later than `applied` names. */
export const positionAfter = (applied: number): Position => ({
  seq: applied + 1,
  kind: '' as Position['kind'],
  id: '',
  token_hash: Buffer.alloc(0),
})

/**
 * Reads the changes after a position, oldest first; sequence order is commit order, so nothing can appear before what
 * was read.
 */
export async function changesAfter(
  connection: DedicatedConnection,
  { seq, kind, id, token_hash }: Position,
): Promise<Page> {
  const rows = await connection.query<Row>(statement, [seq, kind, id, token_hash])
  const changes: Change[] = []
  for (const row of rows) {
    if (changes.at(-1)?.seq !== row.seq) changes.push({ seq: row.seq, subjects: [] })
    changes.at(-1)!.subjects.push(subjectOf(row))
  }
  const last = rows.at(-1)
  const isLast = rows.length < subjectsPerBatch
  return {
    changes,
    epoch: last?.epoch,
    through: last && (isLast ? last.seq : last.seq - 1),
    next: isLast ? undefined : last,
  }
}

function subjectOf({ kind, id, token_hash }: Row): Subject {
  if (kind === 'key' || kind === 'service-token') return { kind, tokenHash: token_hash }
  if (kind === 'workspace' || kind === 'account') return { kind, id }
  return { kind }
}

const acknowledgement = { name: 'acknowledge', text: 'select acknowledge_changes($1, $2) as known' }

/** Acknowledges that everything up to `seq` is out of this memory. False for an incarnation that was fenced. */
export async function acknowledge(
  connection: DedicatedConnection,
  incarnationId: string,
  seq: number,
): Promise<boolean> {
  const [row] = await connection.query<{ known: boolean }>(acknowledgement, [incarnationId, seq])
  return row!.known
}

/** The state that a key was moved to: `ending` is one that has an end, or any but active. */
export type EndedStatus = 'unrevealed' | 'ending' | 'inactive' | 'revoked'

/** A change in the log, and what else the database says of it at the same moment. */
export type FoundChange = {
  /** undefined when the log has none */
  seq: number | undefined
  /** the epoch of the number */
  epoch: string
  /** it is not there, although it should be */
  isLost: boolean
}

/**
 * The newest change of some keys.
 * @param to the state that each key was moved to, or further: one that is not in it has lost its change. Without one a
 *   key that may be used without an end should be in the log.
 */
export async function newestChangeOf(
  db: Executor,
  keyIds: readonly string[],
  to?: EndedStatus,
): Promise<FoundChange> {
  const { rows } = await db.raw('select * from newest_change_of(?, ?)', [[...keyIds], to ?? null])
  const { seq, epoch_id: epoch, is_unchanged: isLost } = rows[0]
  return { seq: seq ?? undefined, epoch, isLost }
}

/** The newest change of a workspace or a service token. */
export async function newestChangeAbout(
  db: Executor,
  { kind, id }: { kind: 'workspace' | 'service-token'; id: string },
): Promise<FoundChange> {
  const { rows } = await db.raw(
    `select current_epoch() as epoch, (select max(seq) from change_subjects where kind = ? and id = ?) as seq`,
    [kind, id],
  )
  const { seq, epoch } = rows[0]
  return { seq: seq ?? undefined, epoch, isLost: false }
}

/** The change that the act of this request made. */
export async function changeOfRequest(db: Executor, requestId: string): Promise<FoundChange> {
  const { rows } = await db.raw('select * from change_of_request(?)', [requestId])
  const { seq, epoch_id: epoch, is_lost: isLost } = rows[0]
  return { seq: seq ?? undefined, epoch, isLost }
}
