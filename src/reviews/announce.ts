import type { Executor, Transaction } from '../foundation/database.ts'
import { dayIn, dayMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../outbox/outbox.ts'
import { quietUntil } from '../policy/quiet.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { answerStateOfKey, openReview, type Review } from './review.ts'

type Deps = Pick<World, 'db' | 'clock' | 'random'>

/** This long before the answers are due, whoever has not given them is reminded. */
const reminderDays = 3

/**
 * Puts what the people of an open review must hear: each owner with open keys is asked once, a new owner of a key
 * too, and reminded once; those who manage see in one message how it goes. Returns how many letters were put.
 */
export async function announceReview(world: Deps, workspace: Workspace): Promise<number> {
  const now = world.clock.now()
  const review = await openReview(world.db, workspace.id)
  if (!review) return 0
  const waits = { notBefore: quietUntil(workspace.terms, now) }
  const about = { workspaceId: workspace.id, about: 'review', subjectId: review.id, ...waits }
  const owners = review.answerBy > now ? await ownersWithOpenKeys(world.db, review, now) : []
  const isLate = review.answerBy.getTime() - now.getTime() <= reminderDays * dayMs
  const asks = owners.flatMap((owner): OutboxMessage[] => {
    const message = { ...about, destination: `dm:${owner}`, body: { owner } }
    const asked = { ...message, step: 'asked' }
    return isLate ? [asked, { ...message, about: 'review-reminder', step: 'reminded' }] : [asked]
  })
  const progress: OutboxMessage = { ...about, step: 'begun', destination: channelOf(workspace), body: {} }
  // Once a day it is drawn again: keys are flagged and end without anybody answering.
  const today: OutboxMessage = { ...progress, step: `day:${dayIn(workspace.terms.timeZone, now)}` }
  return putNew(world, [progress, today, ...asks, ...(await endings(world.db, workspace))], now)
}

/** After an answer: the messages of that review show how it stands, the owner's and that of those who manage. */
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

/** The messages of the review before say that it is over. */
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

const channelOf = (workspace: Workspace) => `channel:${workspace.terms.alertChannel}`

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

/** Who owns keys that wait for an answer and is still here, in the order of their names. */
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
