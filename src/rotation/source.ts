import type { Executor } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { isSlackUser } from '../foundation/words.ts'
import { inCharge } from '../members/member.ts'
import type { Live, Reading, Source, Waiting } from '../notifications/source.ts'
import type { NoteKind } from './announce.ts'
import { readCampaigns } from './campaign-view.ts'
import { type CompromiseReport, reportOf } from './report.ts'
import { type Rotation, toRotation } from './rotation.ts'
import { type CampaignView, readTrackers, type Tracker } from './tracker.ts'

/** A reply below the message of a rotation, or of a campaign: then about as many of it as have come that far. */
export type RotationNote = { kind: NoteKind; trackers: Tracker[]; report?: CompromiseReport }

/** The content of messages about rotations. */
export type RotationContent =
  | { about: 'rotation'; tracker: Tracker }
  | { about: 'campaign'; campaign: CampaignView }
  | { about: 'rotation-note'; note: RotationNote }
  | { about: 'rotation-reminder'; trackers: Tracker[] }

const maxConcerned = 20

/** A rotation, or a campaign of them, has a message that follows it, and replies when somebody has to act. */
export const rotations: Source = {
  everySeconds: 10,
  sumsUp: true,
  async read(db, messages, now) {
    const { byId, campaigns } = await readSubjects(db, messages, now)
    const inOffice = await readInCharge(db, messages)
    return Promise.all(
      messages.map(async (message): Promise<Reading | undefined> => {
        const campaign = campaigns.get(message.subjectId)
        const tracker = byId.get(message.subjectId)
        if (!campaign && !tracker) return undefined
        const live = campaign ? campaignLive(campaign) : rotationLive(tracker!)
        const concerned = concernedBy(campaign?.trackers ?? [tracker!], campaign?.startedBy)
        if (message.mode === 'live') return { live, concerned }
        const note = await readNote(db, message, byId)
        if (!note) return undefined
        const { said, covers } = note
        const content: RotationContent = { about: 'rotation-note', note: said }
        const mentions = mentionsOf(said, inOffice.get(message.workspaceId) ?? [])
        return {
          ...{ live, concerned, covers },
          said: { content, mentions, broadcast: said.kind === 'overdue' },
        }
      }),
    )
  },
}

/** Reminds the owner of new keys that still wait. */
export const rotationReminders: Source = {
  sumsUp: true,
  async read(db, messages, now) {
    const ids = messages.flatMap((message) => [message, ...(message.fellows ?? [])]).map(rotationIn)
    const byId = await trackersById(db, await db('rotations').whereIn('id', ids), now)
    return messages.map((message) => {
      const owner = message.destination.slice('dm:'.length)
      const waits = (one: Tracker | undefined): one is Tracker =>
        one !== undefined && isDue('reveal', one) && one.facts.next.ownerId === owner
      const first = byId.get(rotationIn(message))
      if (!waits(first)) return undefined
      const fellows = (message.fellows ?? []).filter((one) => waits(byId.get(rotationIn(one))))
      const trackers = [first, ...fellows.map((one) => byId.get(rotationIn(one))!)]
      const content: RotationContent = { about: 'rotation-reminder', trackers }
      return { said: { content }, covers: fellows.map(({ id }) => id) }
    })
  },
}

const rotationIn = ({ body }: Pick<Waiting, 'body'>) => String(body.rotation)

/** The trackers of these messages' subjects, in a handful of questions however many there are. */
async function readSubjects(db: Executor, messages: readonly Waiting[], now: Date) {
  const subjects = [...new Set(messages.map(({ subjectId }) => subjectId))]
  const rows = await db('rotations').whereIn('id', subjects).orWhereIn('campaign_id', subjects).orderBy('id')
  const byId = await trackersById(db, rows, now)
  return { byId, campaigns: await readCampaigns(db, subjects, [...byId.values()]) }
}

async function trackersById(db: Executor, rows: Parameters<typeof toRotation>[0][], now: Date) {
  const trackers = await readTrackers(db, rows.map(toRotation), now)
  return new Map(trackers.map((tracker) => [tracker.rotation.id, tracker]))
}

function rotationLive(tracker: Tracker): Live {
  const { rotation, phase, facts, isUsed, endsBeforeSwitch, sources, hours, day } = tracker
  const content: RotationContent = { about: 'rotation', tracker }
  return {
    content,
    hash: JSON.stringify([
      phase,
      rotation.reason,
      rotation.dueAt,
      facts.now >= rotation.dueAt,
      [rotation.endedAt, rotation.cutAt, rotation.receipt !== null],
      [facts.old.state, facts.next.state, facts.next.hint, facts.next.ownerId],
      isUsed,
      endsBeforeSwitch,
      facts.flushedUntil === undefined,
      sources.map(({ network, client }) => `${network} ${client}`).sort(),
    ]),
    figures: JSON.stringify([
      hours,
      day,
      sources.map(({ requests, lastAt }) => [requests, lastAt]),
      facts.old.lastUsedAt,
      // Time left is shown in days, and in hours on the last one.
      Math.floor((facts.dueAt.getTime() - facts.now.getTime()) / hourMs / 24),
    ]),
    isOver: isOver(rotation),
  }
}

function campaignLive(campaign: CampaignView): Live {
  const { counts, waiting, skipped, trackers } = campaign
  const content: RotationContent = { about: 'campaign', campaign }
  return {
    content,
    hash: JSON.stringify([
      ...[counts, waiting, skipped.length],
      trackers.filter(({ rotation }) => rotation.cutAt && !rotation.receipt).length,
    ]),
    figures: JSON.stringify(trackers.map(({ day, facts }) => [day.old, day.next, facts.old.lastUsedAt])),
    isOver: waiting === 0 && trackers.every(({ rotation }) => isOver(rotation)),
  }
}

/** It ended, and the verifiers have said what there was to say. */
const isOver = ({ endedAt, cutAt, receipt }: Rotation) =>
  endedAt !== null && (cutAt === null || receipt !== null)

/** The owners of the new keys that are not done with, and who began it. */
function concernedBy(trackers: readonly Tracker[], startedBy?: string): string[] {
  const running = trackers.length === 1 ? trackers : trackers.filter(({ rotation }) => !rotation.endedAt)
  const people = [
    ...(startedBy ? [startedBy] : trackers.map(({ rotation }) => rotation.startedBy)),
    ...running.map(({ facts }) => facts.next.ownerId),
  ]
  return [...new Set(people)].filter(isSlackUser).slice(0, maxConcerned)
}

/** Whether a note of that kind still has something to say. */
function isDue(kind: NoteKind, { rotation, facts }: Tracker): boolean {
  if (kind === 'ended' || kind === 'report') return true
  return rotation.endedAt === null && (kind !== 'reveal' || facts.next.state === 'unrevealed')
}

/** The note of the message, with those of its kind that wait beside it. Each compromised key has a report of its own. */
async function readNote(
  db: Executor,
  message: Waiting,
  byId: ReadonlyMap<string, Tracker>,
): Promise<{ said: RotationNote; covers: string[] } | undefined> {
  const kind = message.body.kind as NoteKind
  const first = byId.get(rotationIn(message))
  if (!first || !isDue(kind, first)) return undefined
  if (kind === 'report')
    return { said: { kind, trackers: [first], report: await reportOf(db, first.rotation) }, covers: [] }
  const fellows = (message.fellows ?? []).flatMap(({ id, body }) => {
    const tracker = byId.get(rotationIn({ body }))
    return body.kind === kind && tracker && isDue(kind, tracker) ? [{ id, tracker }] : []
  })
  const trackers = [first, ...fellows.map(({ tracker }) => tracker)]
  return { said: { kind, trackers }, covers: fellows.map(({ id }) => id) }
}

/** Those in charge of the workspaces that have an overdue rotation to hear of. */
async function readInCharge(
  db: Executor,
  messages: readonly Waiting[],
): Promise<ReadonlyMap<string, string[]>> {
  const overdue = messages.filter(({ body }) => body.kind === 'overdue')
  const ids = [...new Set(overdue.map(({ workspaceId }) => workspaceId))]
  const people = await Promise.all(ids.map((id) => inCharge(db, id, ['manager', 'owner'])))
  return new Map(ids.map((id, i) => [id, people[i]!]))
}

/** The people to mention: those who have to act; past the deadline also those in charge. */
function mentionsOf({ kind, trackers }: RotationNote, inOffice: readonly string[]): string[] {
  const owners = trackers.map(({ facts }) => facts.next.ownerId)
  const starters = trackers.map(({ rotation }) => rotation.startedBy)
  const wanted: Record<NoteKind, readonly string[]> = {
    reveal: owners,
    ends: [...owners, ...starters],
    safe: starters,
    report: [],
    ended: starters,
    overdue: [...owners, ...starters, ...inOffice],
  }
  return [...new Set(wanted[kind])].filter(isSlackUser)
}
