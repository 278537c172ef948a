import type { Executor, Transaction } from '../foundation/database.ts'
import { dayIn, dayMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { postedAt } from '../notifications/posted-messages.ts'
import { quietUntil } from '../policy/quiet.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { answerStateOfKey, openReview, type Review } from './review.ts'

type Deps = Pick<World, 'db' | 'clock' | 'random'>

/** Owners who have not answered are reminded this long before the deadline. */
const reminderDays = 3

/**
 * Queues the messages of an open review: each owner with open keys is asked once, as is a new owner of a key, and
 * reminded once; managers get one message with the progress. Returns the number of messages queued.
 */
export async function announceReview(world: Deps, workspace: Workspace): Promise<number> {
  const now = world.clock.now()
  const review = await openReview(world.db, workspace.id)
  if (!review) return 0
  const waits = { notBefore: quietUntil(workspace.policy, now) }
  const about = {
    workspaceId: workspace.id,
    source: 'review',
    mode: 'live' as const,
    subjectId: review.id,
    ...waits,
  }
  const owners = review.answerBy > now ? await ownersWithOpenKeys(world.db, review, now) : []
  const isLate = review.answerBy.getTime() - now.getTime() <= reminderDays * dayMs
  const asks = owners.flatMap((owner): OutboxMessage[] => {
    const message = { ...about, destination: `dm:${owner}`, body: { owner } }
    const asked = { ...message, step: 'asked' }
    return isLate
      ? [asked, { ...message, source: 'review-reminder', mode: 'once', step: 'reminded' }]
      : [asked]
  })
  const progress: OutboxMessage = { ...about, step: 'begun', destination: channelOf(workspace) }
  // Redrawn once a day: keys are flagged and end without an answer.
  const today: OutboxMessage = { ...progress, step: `day:${dayIn(workspace.policy.timeZone, now)}` }
  const updates = [...(await lateQuestions(world.db, review, now)), ...(await endings(world.db, workspace))]
  return putNew(world, [progress, today, ...asks, ...updates], now)
}

/** Queues updates of the owner's message and of the progress message after an answer. */
export async function announceAnswer(
  trx: Transaction,
  world: Pick<World, 'random'>,
  workspace: Workspace,
  owners: readonly string[],
  now: Date,
): Promise<void> {
  const review = await openReview(trx, workspace.id)
  if (!review) return
  const step = `answered:${now.toISOString()}`
  const about = {
    workspaceId: workspace.id,
    source: 'review',
    mode: 'live' as const,
    subjectId: review.id,
    step,
  }
  const messages = owners.map(
    (owner): OutboxMessage => ({ ...about, destination: `dm:${owner}`, body: { owner } }),
  )
  await put(trx, [...messages, { ...about, destination: channelOf(workspace) }], now, world.random)
}

/** Updates of the questions once their deadline has passed. */
async function lateQuestions(db: Executor, review: Review, now: Date): Promise<OutboxMessage[]> {
  if (review.answerBy > now) return []
  const places = await postedAt(db, 'review', review.id)
  return places
    .filter(({ destination }) => destination.startsWith('dm:'))
    .map(({ destination }) => updateAt(review.workspaceId, review.id, 'late', destination))
}

const updateAt = (
  workspaceId: string,
  subjectId: string,
  step: string,
  destination: string,
): OutboxMessage => ({
  ...{ workspaceId, source: 'review', mode: 'live', subjectId, step, destination },
  body: destination.startsWith('dm:') ? { owner: destination.slice('dm:'.length) } : {},
})

/** Final updates for the messages of the previous review. */
async function endings(db: Executor, workspace: Workspace): Promise<OutboxMessage[]> {
  const last = await db('reviews')
    .where({ workspace_id: workspace.id })
    .whereNotNull('ended_at')
    .orderBy('begun_at', 'desc')
    .first('id')
  const places = last ? await postedAt(db, 'review', last.id) : []
  return places.map(({ destination }) => updateAt(workspace.id, last.id, 'ended', destination))
}

const channelOf = (workspace: Workspace) => `channel:${workspace.policy.alertChannel}`

async function putNew(world: Deps, messages: OutboxMessage[], now: Date): Promise<number> {
  const known = await world
    .db('outbox')
    .whereIn('source', ['review', 'review-reminder'])
    .whereIn('subject_id', [...new Set(messages.map(({ subjectId }) => subjectId))])
    .select('source', 'subject_id as subjectId', 'step', 'destination')
  const name = (one: { source: string; subjectId: string; step: string; destination: string }) =>
    `${one.source} ${one.subjectId} ${one.step} ${one.destination}`
  const seen = new Set(known.map(name))
  const fresh = messages.filter((message) => !seen.has(name(message)))
  await world.db.transaction((trx) => put(trx, fresh, now, world.random))
  return fresh.length
}

/** Owners of keys that wait for an answer, without departed ones, by user id. */
async function ownersWithOpenKeys(db: Executor, review: Review, now: Date): Promise<string[]> {
  const { rows } = await db.raw(
    `select distinct k.owner_id
     from reviews r join review_keys a on a.review_id = r.id and a.closed_at is null join keys k on k.id = a.key_id
     where r.id = :review and ${answerStateOfKey} = 'open' and k.owner_id not in (
       select user_id from departures where workspace_id = r.workspace_id)
     order by 1`,
    { review: review.id, now },
  )
  return rows.map((row: { owner_id: string }) => row.owner_id)
}
