import type { Executor } from '../foundation/database.ts'
import type { Reading, Source, Waiting } from '../notifications/source.ts'
import { type Asked, readAsked } from './keys-asked.ts'
import { type ReviewProgress, readProgress } from './progress.ts'

/** The content of messages of a review. */
export type ReviewContent =
  | { about: 'asked'; asked: Asked }
  | { about: 'progress'; progress: ReviewProgress }
  | { about: 'review-reminder'; asked: Asked }

/**
 * The questions to an owner, or the progress for those who manage the workspace. An update is moot when its message was
 * never posted: people who answer from Home are not asked again.
 */
export const reviews: Source = {
  read: (db, messages, now) => Promise.all(messages.map((message) => readOne(db, message, now))),
}

async function readOne(db: Executor, message: Waiting, now: Date): Promise<Reading | undefined> {
  const begins = message.step === 'begun' || message.step === 'asked' || isCopy(message)
  if (!message.isPosted && !begins) return undefined
  const { owner } = message.body
  if (typeof owner !== 'string') {
    const progress = await readProgress(db, message.subjectId, now)
    if (!progress) return undefined
    const content: ReviewContent = { about: 'progress', progress }
    return { live: { content, isOver: progress.review.endedAt !== null } }
  }
  const asked = await readAsked(db, message.subjectId, owner, now)
  if (!asked) return undefined
  const content: ReviewContent = { about: 'asked', asked }
  return { live: { content, isOver: asked.review.endedAt !== null } }
}

/** The progress goes to people only where its channel is lost. */
const isCopy = ({ destination, body }: Waiting) =>
  destination.startsWith('dm:') && typeof body.owner !== 'string'

/** A reminder shows the questions that are open when it is sent; none when all are answered. */
export const reviewReminders: Source = {
  read: (db, messages, now) =>
    Promise.all(
      messages.map(async ({ subjectId, body }) => {
        const asked = await readAsked(db, subjectId, String(body.owner), now)
        if (!asked || asked.counts.open === 0 || asked.review.endedAt) return undefined
        const content: ReviewContent = { about: 'review-reminder', asked }
        return { said: { content } }
      }),
    ),
}
