import type { Executor } from '../foundation/database.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { inCharge } from '../members/member.ts'
import type { Posted } from '../notifications/channel.ts'
import { Refused } from '../notifications/channel.ts'
import type { RotationBoard, Said, Shown } from './board.ts'
import { readCampaign } from './campaign-view.ts'
import { contentHash, figuresOf } from './content-hash.ts'
import { reportOf } from './report.ts'
import { type Rotation, toRotation } from './rotation.ts'
import { readTrackers, type Tracker } from './tracker.ts'

/** Real seconds. */
const claimSeconds = 30
/** A message whose figures alone have changed is edited no more often than this, by real time, and so many a round. */
const figuresEverySeconds = 60
const figuresARound = 5
const notesARound = 50
/** A note that was refused so often is given up; an outage is no refusal, however long it lasts. */
const maxRefusals = 8

/**
 * Posts the progress of rotations: a message each, edited when a reader would notice, or one per campaign; replies in its
 * thread and direct messages, each sent once, even when Slack's answer is lost. Several processes may do this at once.
 */
export async function updateTrackers(world: World, board: RotationBoard): Promise<void> {
  const tried: string[] = []
  let figures = 0
  for (let row = await claim(world, tried); row; row = await claim(world, tried)) {
    tried.push(row.id)
    try {
      if (await showNow(world, board, row, figures < figuresARound)) figures++
      await release(world, row.id)
    } catch (error) {
      world.log.warn(
        { event: 'rotation.tracker_failed', message: row.id, error: String(error) },
        'failed to update the message that tracks a rotation',
      )
      await release(world, row.id, secondsToWait(error, row.attempts))
    }
  }
  await sendNotes(world, board)
}

/** Slack's 429 names its own time. */
const secondsToWait = (error: unknown, attempts: number): number =>
  (error as { seconds?: number }).seconds ?? Math.min(2 ** attempts, 60)

type Row = {
  id: string
  campaign_id: string | null
  channel_id: string | null
  ts: string | null
  shown: string
  figures: string
  attempts: number
  is_fresh: boolean
}

async function claim({ db }: World, tried: readonly string[]): Promise<Row | undefined> {
  const { rows } = await db.raw(
    `update rotation_messages set claimed_until = clock_timestamp() + make_interval(secs => :claim)
     where id = (
       select id from rotation_messages
       where closed_at is null and not id = any(:tried)
         and (claimed_until is null or claimed_until < clock_timestamp())
         and (retry_after is null or retry_after < clock_timestamp())
       order by shown_at nulls first, id limit 1 for update skip locked)
     returning id, campaign_id, channel_id, ts, shown, figures, attempts,
       coalesce(shown_at > clock_timestamp() - make_interval(secs => :figures), false) as is_fresh`,
    { claim: claimSeconds, figures: figuresEverySeconds, tried: [...tried] },
  )
  return rows[0]
}

const release = ({ db }: World, id: string, seconds = 0) =>
  db.raw(
    `update rotation_messages set claimed_until = null,
       retry_after = case when :seconds > 0 then clock_timestamp() + make_interval(secs => :seconds) end where id = :id`,
    { seconds, id },
  )

/** Brings one message up to date. True when only its figures had changed. */
async function showNow(world: World, board: RotationBoard, row: Row, mayRefresh: boolean): Promise<boolean> {
  const { db, clock } = world
  const shown = await read(world, row)
  const save = (what: Record<string, unknown>) => db('rotation_messages').where({ id: row.id }).update(what)
  if (!shown) {
    await save({ closed_at: clock.now() })
    return false
  }
  const [hash, figures] = [contentHash(shown), figuresOf(shown)]
  const done = isOver(shown) ? { closed_at: clock.now() } : {}
  const now = { shown: hash, figures, shown_at: db.raw('clock_timestamp()'), ...done }
  if (!row.ts) {
    await save({ attempts: row.attempts + 1 })
    const posted = await board.post(shown, channelOf(shown), row.id, row.attempts > 0)
    await save({ channel_id: posted.channelId, ts: posted.ts, ...now })
    return false
  }
  const isNews = row.shown !== hash
  const isRefresh = !isNews && row.figures !== figures && !row.is_fresh && mayRefresh
  if (isNews || isRefresh) {
    await board.edit({ channelId: row.channel_id!, ts: row.ts }, shown)
    await save(now)
  }
  return isRefresh
}

async function read({ db, clock }: World, row: Row): Promise<Shown | undefined> {
  if (row.campaign_id) {
    const campaign = await readCampaign(db, row.campaign_id, clock.now())
    return { about: 'campaign', campaign }
  }
  const found = await db('rotations').where({ message_id: row.id }).first()
  if (!found) return undefined
  const [tracker] = await readTrackers(db, [toRotation(found)], clock.now())
  return { about: 'rotation', tracker: tracker! }
}

const channelOf = (shown: Shown) =>
  shown.about === 'rotation' ? shown.tracker.channel : shown.campaign.channel

/** Nothing more will happen: it ended, and the verifiers have said what there was to say. */
function isOver(shown: Shown): boolean {
  if (shown.about === 'rotation') return isEnded(shown.tracker.rotation)
  const { waiting, trackers } = shown.campaign
  return waiting === 0 && trackers.every(({ rotation }) => isEnded(rotation))
}

const isEnded = ({ endedAt, cutAt, receipt }: Rotation) =>
  endedAt !== null && (cutAt === null || receipt !== null)

type NoteRow = {
  rotation_id: string
  step: string
  kind: Said['kind'] | 'offer'
  attempts: number
  channel_id: string | null
  ts: string | null
}

/** Sends the notes that are due. An offer or a reminder is a direct message; the others are replies in the thread. */
async function sendNotes(world: World, board: RotationBoard): Promise<void> {
  const { db, clock, log } = world
  const { rows } = await db.raw(
    `update rotation_notes n set attempts = n.attempts + 1, retry_after = clock_timestamp() + make_interval(secs => ?)
     from rotations r join rotation_messages m on m.id = r.message_id
     where r.id = n.rotation_id and (n.rotation_id, n.step) in (
       select w.rotation_id, w.step from rotation_notes w
         join rotations x on x.id = w.rotation_id join rotation_messages y on y.id = x.message_id
       where w.sent_at is null and w.refusals < ? and (w.retry_after is null or w.retry_after < clock_timestamp())
         and (w.kind in ('offer', 'reveal') or y.ts is not null)
       order by w.put_at limit ? for update of w skip locked)
     returning n.rotation_id, n.step, n.kind, n.attempts, m.channel_id, m.ts`,
    [claimSeconds, maxRefusals, notesARound],
  )
  const notes = rows as NoteRow[]
  if (notes.length === 0) return
  const found = await db('rotations').whereIn('id', [...new Set(notes.map((one) => one.rotation_id))])
  const trackers = await readTrackers(db, found.map(toRotation), clock.now())
  const byId = new Map(trackers.map((tracker) => [tracker.rotation.id, tracker]))
  const save = (some: readonly NoteRow[], what: Record<string, unknown>) =>
    db('rotation_notes')
      .whereIn(
        ['rotation_id', 'step'],
        some.map((one) => [one.rotation_id, one.step]),
      )
      .update(what)
  const attempt = async (some: readonly NoteRow[], say: () => Promise<void>) => {
    try {
      await say()
      await save(some, { sent_at: clock.now(), retry_after: null })
    } catch (error) {
      log.warn(
        { event: 'rotation.note_failed', rotation: some[0]!.rotation_id, error: String(error) },
        'failed to send a note about a rotation',
      )
      const refusal = error instanceof Refused ? error.why : 'app'
      if (refusal === 'content') await save(some, { refusals: maxRefusals })
      else if (refusal !== 'app') await save(some, { refusals: db.raw('refusals + 1') })
    }
  }
  for (const offers of byOwner(notes, byId))
    await attempt(offers.notes, () => offerThem(board, offers.ownerId, offers.trackers))
  for (const one of notes.filter(({ kind }) => kind !== 'offer'))
    await attempt([one], () => sayOne(world, board, one, byId.get(one.rotation_id)!))
}

/** Keys of one campaign that wait for the same person are offered together. */
function byOwner(notes: readonly NoteRow[], trackers: ReadonlyMap<string, Tracker>) {
  const groups = new Map<string, { ownerId: string; notes: NoteRow[]; trackers: Tracker[] }>()
  for (const one of notes.filter(({ kind }) => kind === 'offer')) {
    const tracker = trackers.get(one.rotation_id)!
    const { ownerId } = tracker.facts.next
    const place = `${tracker.rotation.campaignId ?? tracker.rotation.id} ${ownerId}`
    const group = groups.get(place) ?? { ownerId, notes: [], trackers: [] }
    groups.set(place, group)
    group.notes.push(one)
    group.trackers.push(tracker)
  }
  return groups.values()
}

async function offerThem(board: RotationBoard, ownerId: string, trackers: readonly Tracker[]) {
  const waiting = trackers.filter((tracker) => tracker.facts.next.state === 'unrevealed')
  if (waiting.length > 0) await board.offer(ownerId, waiting)
}

async function sayOne(world: World, board: RotationBoard, one: NoteRow, tracker: Tracker): Promise<void> {
  const { kind } = one
  if (kind === 'offer') return
  if (kind === 'reveal' && tracker.facts.next.state !== 'unrevealed') return
  const isLate = tracker.rotation.endedAt && kind !== 'ended' && kind !== 'report'
  if (one.ts && !isLate) {
    const report = kind === 'report' ? await reportOf(world.db, tracker.rotation) : undefined
    const said: Said = {
      kind,
      tracker,
      mentions: await mentions(world.db, kind, tracker),
      ...(report ? { report } : {}),
    }
    const where: Posted = { channelId: one.channel_id!, ts: one.ts }
    const noteId = `${one.rotation_id} ${one.step}`
    await board.reply(where, said, noteId, one.attempts > 1).catch((error: unknown) => {
      // A channel that is closed must not keep the owner from hearing of it.
      if (kind !== 'reveal' || !(error instanceof Refused)) throw error
    })
  }
  // The reply is searched for before it is sent again, and the reminder is not: it comes last.
  if (kind === 'reveal') await board.remind(tracker.facts.next.ownerId, tracker)
}

/** The people to mention: those who have to act; past the deadline also those in charge. */
async function mentions(db: Executor, kind: Said['kind'], { rotation, facts }: Tracker): Promise<string[]> {
  const owner = facts.next.ownerId
  const wanted: Record<Said['kind'], string[]> = {
    reveal: [owner],
    ends: [owner, rotation.startedBy],
    safe: [rotation.startedBy],
    report: [],
    ended: [rotation.startedBy],
    overdue: [owner, rotation.startedBy, ...(await inCharge(db, rotation.workspaceId, ['manager', 'owner']))],
  }
  return [...new Set(wanted[kind])].filter(isSlackUser)
}
