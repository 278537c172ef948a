import type { Executor } from '../foundation/database.ts'
import type { Lane } from '../foundation/lane.ts'

/** What a verifier's memory must let go of. An import makes hashes known that may be remembered as unknown. */
export type Subject =
  | { kind: 'key' | 'service-token'; tokenHash: Buffer }
  | { kind: 'workspace' | 'account'; id: string }
  | { kind: 'import' | 'all' }

export type Change = { seq: number; subjects: Subject[] }

type Row = { seq: number; kind: Subject['kind']; id: string; token_hash: Buffer; epoch: string }

// Bounded, because after a long silence there may be many; whoever reads asks again until nothing comes.
const changesAtOnce = 200

const statement = {
  name: 'changes',
  text: `select s.seq, s.kind, s.id, s.token_hash, (select id from epoch) as epoch
    from (select seq from changes where seq > $1 order by seq limit ${changesAtOnce}) as c
    join change_subjects s on s.seq = c.seq order by s.seq`,
}

/**
 * Changes after `applied`, oldest first; sequence order is commit order, so none can appear before one that was
 * read. `epoch` is undefined when nothing changed.
 */
export async function changesAfter(
  lane: Lane,
  applied: number,
): Promise<{ changes: Change[]; epoch: string | undefined }> {
  const rows = await lane.query<Row>(statement, [applied])
  const changes: Change[] = []
  for (const row of rows) {
    if (changes.at(-1)?.seq !== row.seq) changes.push({ seq: row.seq, subjects: [] })
    changes.at(-1)!.subjects.push(subjectOf(row))
  }
  return { changes, epoch: rows[0]?.epoch }
}

function subjectOf({ kind, id, token_hash }: Row): Subject {
  if (kind === 'key' || kind === 'service-token') return { kind, tokenHash: token_hash }
  if (kind === 'workspace' || kind === 'account') return { kind, id }
  return { kind }
}

const acknowledgement = { name: 'acknowledge', text: 'select acknowledge_changes($1, $2) as known' }

/** Says that everything up to `seq` is out of this memory. False for an incarnation that was fenced. */
export async function acknowledge(lane: Lane, incarnationId: string, seq: number): Promise<boolean> {
  const [row] = await lane.query<{ known: boolean }>(acknowledgement, [incarnationId, seq])
  return row!.known
}

/** The newest change of any of these keys; undefined when no verifier can ever have held one of them. */
export async function newestChangeOf(db: Executor, keyIds: readonly string[]): Promise<number | undefined> {
  const { rows } = await db.raw(
    `select max(seq) as seq from change_subjects where kind = 'key' and id = any(?)`,
    [[...keyIds]],
  )
  return rows[0].seq ?? undefined
}
