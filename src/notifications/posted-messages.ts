import { createHash } from 'node:crypto'
import type { Database, Executor } from '../foundation/database.ts'
import type { Posted } from './channel.ts'
import type { Claimed } from './outbox.ts'
import type { Live } from './source.ts'

type Place = Pick<Claimed, 'source' | 'subjectId' | 'destination'>
/** The rest of what a live message is read with. */
type About = Pick<Claimed, 'itemId' | 'body'>

/** A live message that was posted, and what it shows. */
export type PostedMessage = Place &
  About & {
    workspaceId: string
    where: Posted
    hash: string
    figures: string
    /** whether it was edited within the last minute */
    isFresh: boolean
    /** how often it was edited so far */
    edits: number
  }

/** A message whose figures alone have changed is edited no more often than this, by real time. */
const figuresEverySeconds = 60
/** Real seconds within which a change that was under way when the message was posted has been committed. */
const firstRefreshSeconds = 3
/** Real seconds that one process has to refresh a message. */
const refreshSeconds = 30

const columns = `source, subject_id as "subjectId", destination, workspace_id as "workspaceId", hash, figures, edits,
  coalesce(item_id, subject_id) as "itemId", coalesce(body, '{}') as body,
  channel_id as "channelId", ts, picture_id as "pictureId", picture_shows as "pictureShows",
  coalesce(shown_at > clock_timestamp() - interval '${figuresEverySeconds} seconds', false) as "isFresh"`

type Row = Omit<PostedMessage, 'where'> & {
  channelId: string
  ts: string
  pictureId: string | null
  pictureShows: string | null
}

const fromColumns = ({ channelId, ts, pictureId, pictureShows, ...rest }: Row): PostedMessage => ({
  ...rest,
  where: { channelId, ts, ...(pictureId ? { picture: { id: pictureId, shows: pictureShows ?? '' } } : {}) },
})

const pictureOf = ({ picture }: Posted) => ({
  picture_id: picture?.id ?? null,
  picture_shows: picture?.shows ?? null,
})

/** The live messages that stand at these places, by `placeName`. */
export async function findPosted(
  db: Executor,
  places: readonly Place[],
): Promise<Map<string, PostedMessage>> {
  const { rows } = await db.raw(
    `select ${columns} from posted_messages where (source, subject_id, destination) in (
       select source, "subjectId", destination
       from jsonb_to_recordset(?) as p (source text, "subjectId" text, destination text))`,
    [
      JSON.stringify(
        places.map(({ source, subjectId, destination }) => ({ source, subjectId, destination })),
      ),
    ],
  )
  return new Map((rows as Row[]).map((row) => [placeName(row), fromColumns(row)]))
}

export const placeName = ({ source, subjectId, destination }: Place): string =>
  `${source} ${subjectId} ${destination}`

/** Digests of what a message shows, for comparing. */
export const shownBy = ({ content, hash, figures }: Live) => ({
  hash: digest(hash ?? JSON.stringify(content)),
  figures: figures === undefined ? '' : digest(figures),
})

const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22)

/**
 * Remembers a live message; one that is remembered already stays. It is refreshed for the first time some seconds later:
 * of what changed after it was read, and before it stood here, nobody could know that it has to be shown in it.
 */
export async function rememberPosted(
  db: Executor,
  place: Place & About & { workspaceId: string },
  where: Posted,
  live: Live,
  now: Date,
): Promise<void> {
  await db('posted_messages')
    .insert({
      source: place.source,
      subject_id: place.subjectId,
      destination: place.destination,
      workspace_id: place.workspaceId,
      item_id: place.itemId,
      body: JSON.stringify(place.body),
      channel_id: where.channelId,
      ts: where.ts,
      ...pictureOf(where),
      posted_at: now,
      shown_at: db.raw('clock_timestamp()'),
      ...shownBy(live),
      refresh_at: live.isOver ? null : refreshAfter(db, firstRefreshSeconds),
    })
    .onConflict(['source', 'subject_id', 'destination'])
    .ignore()
}

/**
 * Remembers what the message shows after an edit. If another process edited it since it was read, or asked for it to be
 * refreshed, it is refreshed at once: what was read first may have been written last.
 */
export async function rememberShown(
  db: Executor,
  message: Place & About & Pick<PostedMessage, 'edits' | 'where'>,
  live: Live,
  everySeconds: number | undefined,
): Promise<void> {
  await at(db, message).update({
    ...shownBy(live),
    ...pictureOf(message.where),
    item_id: message.itemId,
    body: JSON.stringify(message.body),
    shown_at: db.raw('clock_timestamp()'),
    edits: db.raw('edits + 1'),
    refresh_at: db.raw(
      `case when edits <> :edits or refresh_at <= clock_timestamp() then clock_timestamp()
         else clock_timestamp() + make_interval(secs => :seconds::float8) end`,
      { edits: message.edits, seconds: live.isOver ? null : (everySeconds ?? null) },
    ),
  })
}

const refreshAfter = (db: Executor, seconds: number | undefined) =>
  seconds === undefined ? null : db.raw('clock_timestamp() + make_interval(secs => ?)', [seconds])

const at = (db: Executor, { source, subjectId, destination }: Place) =>
  db('posted_messages').where({ source, subject_id: subjectId, destination })

/**
 * Refreshes the message after `seconds` of real time, undefined: never again; or at once where somebody has asked for it
 * since it was read.
 */
export const refreshAgain = async (db: Executor, place: Place, seconds: number | undefined): Promise<void> =>
  void (await at(db, place).update({
    refresh_at: db.raw(
      `case when refresh_at <= clock_timestamp() then refresh_at
         else clock_timestamp() + make_interval(secs => :seconds::float8) end`,
      { seconds: seconds ?? null },
    ),
  }))

/** Refreshes the live messages of these subjects in the next round, wherever they stand. */
export const refreshSoon = async (
  db: Executor,
  source: string,
  subjectIds: readonly string[],
): Promise<void> =>
  void (await db('posted_messages')
    .where({ source })
    .whereIn('subject_id', [...subjectIds])
    .update({ refresh_at: db.raw('clock_timestamp()') }))

/** Refreshes those live messages of a destination in the next round that wait to be refreshed: it was lost, and is back. */
export const refreshWaitingAt = async (db: Executor, destination: string): Promise<void> =>
  void (await db('posted_messages')
    .where({ destination })
    .whereNotNull('refresh_at')
    .update({ refresh_at: db.raw('clock_timestamp()') }))

/** Forgets a live message that is gone. */
export const forgetPosted = async (db: Executor, place: Place): Promise<void> =>
  void (await at(db, place).delete())

/** Claims live messages that have to be refreshed, those that waited longest first. */
export async function claimToRefresh(db: Database, limit: number): Promise<PostedMessage[]> {
  const { rows } = await db.raw(
    `with due as (
       select source, subject_id, destination from posted_messages
       where refresh_at < clock_timestamp() order by refresh_at limit :limit for update skip locked
     ), claimed as (
       update posted_messages m set refresh_at = clock_timestamp() + make_interval(secs => :seconds) from due
       where (m.source, m.subject_id, m.destination) = (due.source, due.subject_id, due.destination)
       returning m.*)
     select ${columns} from claimed`,
    { limit, seconds: refreshSeconds },
  )
  return (rows as Row[]).map(fromColumns)
}

/** The live messages of earlier subjects that this matter was part of, at the same destination. */
export async function earlierMessages(db: Executor, message: Claimed): Promise<PostedMessage[]> {
  const { rows } = await db.raw(
    `select distinct m.* from outbox o
     join lateral (select ${columns} from posted_messages p
       where p.source = o.source and p.subject_id = o.subject_id and p.destination = o.destination) as m on true
     where o.source = :source and o.item_id = :item and o.destination = :destination
       and o.subject_id not in (:subject, :item)`,
    {
      source: message.source,
      item: message.itemId,
      destination: message.destination,
      subject: message.subjectId,
    },
  )
  return (rows as Row[]).map(fromColumns)
}

/** Where the subject's live message stands. */
export async function postedAt(
  db: Executor,
  source: string,
  subjectId: string,
): Promise<{ destination: string; where: Posted }[]> {
  const { rows } = await db.raw(
    `select ${columns} from posted_messages where source = ? and subject_id = ? order by destination`,
    [source, subjectId],
  )
  return (rows as Row[]).map(fromColumns)
}

/** Whether the message with this `ts` at the destination is a live one, which is kept up to date. */
export async function isLive(db: Executor, destination: string, ts: string): Promise<boolean> {
  return (await db('posted_messages').where({ destination, ts }).first('ts')) !== undefined
}

/** Whether anything was ever posted there. */
export async function hasHeard(db: Executor, destination: string): Promise<boolean> {
  return (await db('posted_messages').where({ destination }).first('ts')) !== undefined
}
