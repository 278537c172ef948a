import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

/** Whose panel, and about what: a key, or a workspace as a whole. */
export type PanelOf = { userId: string; subjectId: string }

/** The message that shows it. */
export type PanelPlace = { channelId: string; ts: string }

/** Where this person's last panel about that stands; undefined when there is none to be edited. */
export async function findPanel(
  db: Executor,
  { userId, subjectId }: PanelOf,
): Promise<PanelPlace | undefined> {
  const row = await db('usage_panels')
    .where({ user_id: userId, subject_id: subjectId })
    .first('channel_id', 'ts')
  return row && { channelId: row.channel_id, ts: row.ts }
}

/** Remembers where the panel stands now, instead of where it stood before. */
export async function rememberPanel(
  db: Executor,
  { userId, subjectId }: PanelOf,
  { channelId, ts }: PanelPlace,
  now: Date,
): Promise<void> {
  await db('usage_panels')
    .insert({ user_id: userId, subject_id: subjectId, channel_id: channelId, ts, shown_at: now })
    .onConflict(['user_id', 'subject_id'])
    .merge()
}

/** So long ago is a panel edited for; afterwards the next one is a new message. */
const daysKept = 30

/** Forgets panels that nobody has asked for since. @returns how many */
export const forgetPanels = (db: Executor, now: Date): Promise<number> =>
  db('usage_panels')
    .where('shown_at', '<', new Date(now.getTime() - daysKept * dayMs))
    .delete()
