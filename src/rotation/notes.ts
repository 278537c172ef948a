import type { Executor } from '../foundation/database.ts'

/** What is said to people once: a direct message, or a reply below the rotation's message. */
export type NoteKind = 'offer' | 'reveal' | 'ends' | 'safe' | 'overdue' | 'report' | 'ended'

/** Decides that something is to be said, in the transaction that decides it. The same step is said once: false when it was decided already. */
export async function note(
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
