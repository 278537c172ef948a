import type { Executor, Transaction } from '../foundation/database.ts'
import { dayIn, dayMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../outbox/outbox.ts'
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
  const about = { workspaceId: workspace.id, about: 'review', subjectId: review.id, ...waits }
  const owners = review.answerBy > now ? await ownersWithOpenKeys(world.db, review, now) : []
  const isLate = review.answerBy.getTime() - now.getTime() <= reminderDays * dayMs
  const asks = owners.flatMap((owner): OutboxMessage[] => {
    const message = { ...about, destination: `dm:${owner}`, body: { owner } }
    const asked = { ...message, step: 'asked' }
    return isLate ? [asked, { ...message, about: 'review-reminder', step: 'reminded' }] : [asked]
  })
  const progress: OutboxMessage = { ...about, step: 'begun', destination: channelOf(workspace), body: {} }
  // Redrawn once a day: keys are flagged and end without an answer.
  const today: OutboxMessage = { ...progress, step: `day:${dayIn(workspace.policy.timeZone, now)}` }
  return putNew(world, [progress, today, ...asks, ...(await endings(world.db, workspace))], now)
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
  const about = { workspaceId: workspace.id, about: 'review', subjectId: review.id, step }
  const messages = owners.map(
    (owner): OutboxMessage => ({ ...about, destination: `dm:${owner}`, body: { owner } }),
  )
  await put(trx, [...messages, { ...about, destination: channelOf(workspace), body: {} }], now, world.random)
}

/** Final updates for the messages of the previous review. */
async function endings(db: Executor, workspace: Workspace): Promise<OutboxMessage[]> {
  const { rows } = await db.raw(
    `select m.subject_id, m.destination from alert_messages m
     where m.subject_id = (select id from reviews where workspace_id = ? and ended_at is not null
       order by begun_at desc limit 1)`,
    [workspace.id],
  )
  return (rows as { subject_id: string; destination: string }[]).map(({ subject_id, destination }) => ({
    workspaceId: workspace.id,
    about: 'review',
    subjectId: subject_id,
    step: 'ended',
    destination,
    body: destination.startsWith('dm:') ? { owner: destination.slice('dm:'.length) } : {},
  }))
}

const channelOf = (workspace: Workspace) => `channel:${workspace.policy.alertChannel}`

async function putNew(world: Deps, messages: OutboxMessage[], now: Date): Promise<number> {
  const known = await world
    .db('outbox')
    .whereNull('finding_id')
    .whereIn('about', ['review', 'review-reminder'])
    .whereIn('subject_id', [...new Set(messages.map(({ subjectId }) => subjectId))])
    .select('about', 'subject_id as subjectId', 'step', 'destination')
  const name = (one: { about?: string; subjectId: string; step: string; destination: string }) =>
    `${one.about} ${one.subjectId} ${one.step} ${one.destination}`
  const seen = new Set(known.map(name))
  const fresh = messages.filter((message) => !seen.has(name(message as OutboxMessage & { about: string })))
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
