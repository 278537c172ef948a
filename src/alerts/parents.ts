import type { Executor } from '../foundation/database.ts'
import type { Claimed } from '../outbox/outbox.ts'
import type { Posted } from './channel.ts'

type Place = Pick<Claimed, 'subjectId' | 'destination'>

/** The subject's parent message at that destination, if it was posted. */
export async function findParent(
  db: Executor,
  { subjectId, destination }: Place,
): Promise<Posted | undefined> {
  const row = await db('alert_messages')
    .where({ subject_id: subjectId, destination })
    .first('channel_id', 'ts', 'picture_id')
  return (
    row && {
      channelId: row.channel_id,
      ts: row.ts,
      ...(row.picture_id ? { pictureId: row.picture_id } : {}),
    }
  )
}

/** Remembers the subject's parent message; one that is remembered already stays. */
export async function rememberParent(db: Executor, place: Place, posted: Posted, now: Date): Promise<void> {
  await db('alert_messages')
    .insert({
      subject_id: place.subjectId,
      destination: place.destination,
      channel_id: posted.channelId,
      ts: posted.ts,
      posted_at: now,
      picture_id: posted.pictureId ?? null,
    })
    .onConflict(['subject_id', 'destination'])
    .ignore()
}

/** Forgets a parent message that is gone; the subject's next outbox message posts another. */
export async function forgetParent(db: Executor, { subjectId, destination }: Place): Promise<void> {
  await db('alert_messages').where({ subject_id: subjectId, destination }).delete()
}

/** Whether a later outbox message will update the same parent anyway: fifty findings need one edit. */
export async function hasMoreComing(db: Executor, message: Claimed): Promise<boolean> {
  const row = await db('outbox')
    .where({ destination: message.destination, subject_id: message.subjectId })
    .whereNull('completed_at')
    .whereNull('not_before')
    .where('seq', '>', message.seq)
    .first('seq')
  return row !== undefined
}

/** Whether the same destination received a higher level of this finding while this message waited. */
export async function wasOvertaken(db: Executor, message: Claimed): Promise<boolean> {
  const row = await db('outbox')
    .where({ finding_id: message.findingId, destination: message.destination, outcome: 'arrived' })
    .where('level', '>', message.level)
    .first('seq')
  return row !== undefined
}

/** The shared messages at that destination which the finding was part of before. */
export async function otherParents(
  db: Executor,
  message: Claimed,
): Promise<(Posted & { subjectId: string })[]> {
  const { rows } = await db.raw(
    `select distinct m.subject_id, m.channel_id, m.ts from outbox o
     join alert_messages m on m.subject_id = o.subject_id and m.destination = o.destination
     where o.finding_id = :finding and o.destination = :destination and o.subject_id <> :subject
       and o.subject_id <> :finding`,
    { finding: message.findingId!, destination: message.destination, subject: message.subjectId },
  )
  type Row = { subject_id: string; channel_id: string; ts: string }
  return (rows as Row[]).map((row) => ({ subjectId: row.subject_id, channelId: row.channel_id, ts: row.ts }))
}

/** Whether anything was ever posted there. */
export async function hasHeard(db: Executor, destination: string): Promise<boolean> {
  return (await db('alert_messages').where({ destination }).first('ts')) !== undefined
}

/** Records that a lost channel is back, since a message was delivered there. */
export async function foundAgain(db: Executor, { workspaceId, destination }: Claimed): Promise<void> {
  await db('lost_channels').where({ workspace_id: workspaceId, channel: destination }).delete()
}
