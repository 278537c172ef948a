import type { Executor } from '../foundation/database.ts'

/** The kinds of notes that are sent once: a direct message, or a reply in the thread of the rotation's message. */
export type NoteKind = 'offer' | 'reveal' | 'ends' | 'safe' | 'overdue' | 'report' | 'ended'

/** Adds a note in the transaction that decides it. Each step has one note: false when it is there already. */
export async function addNote(
  db: Executor,
  rotationId: string,
  kind: NoteKind,
  step: string,
  now: Date,
  body: Record<string, unknown> = {},
): Promise<boolean> {
  const rows = await db('rotation_notes')
    .insert({ rotation_id: rotationId, step, kind, body: JSON.stringify(body), put_at: now })
    .onConflict(['rotation_id', 'step'])
    .ignore()
    .returning('step')
  return rows.length > 0
}
