import { lastEventsOf } from '../audit/list.ts'
import { csvHead, csvLines } from '../foundation/csv.ts'
import type { Executor } from '../foundation/database.ts'
import { answerStateOfKey, type Review } from './review.ts'

const columns = [
  ...['review', 'begun_at', 'answer_by', 'ended_at', 'key_id', 'key', 'owner', 'scopes'],
  ...['answer', 'answered_by', 'answered_at', 'reason'],
]

type Row = { id: string; name: string; ownerId: string; scopes: string[]; stands: keyof typeof words }

/** Where nobody answered with a button: why a key needs no answer, or that it is open. */
const words = { needed: 'activated', unneeded: 'not needed', open: 'no answer', closed: 'none needed' }

const pageSize = 500

/**
 * A review as CSV, piece by piece, a line per key: what was answered, by whom, when and why, as the audit has it. For a
 * key without an answer it says how the key stands now.
 */
export async function* exportReview(db: Executor, review: Review, now: Date): AsyncGenerator<string> {
  yield csvHead(columns)
  for (let after = ''; ; ) {
    const keys = await someKeys(db, review, after, now)
    if (keys.length > 0) yield csvLines(await linesOf(db, review, keys))
    if (keys.length < pageSize) return
    after = keys.at(-1)!.id
  }
}

async function someKeys(db: Executor, { id: review }: Review, after: string, now: Date): Promise<Row[]> {
  const { rows } = await db.raw(
    `select k.id, k.name, k.owner_id as "ownerId", k.scopes, ${answerStateOfKey} as stands
     from reviews r join review_keys a on a.review_id = r.id join keys k on k.id = a.key_id
     where r.id = :review and k.id > :after order by k.id limit :pageSize`,
    { review, after, now, pageSize },
  )
  return rows
}

async function linesOf(db: Executor, review: Review, keys: readonly Row[]): Promise<string[][]> {
  const ids = keys.map(({ id }) => id)
  const answers = await lastEventsOf(db, review.workspaceId, ids, {
    names: ['key.confirmed-needed', 'key.declared-unneeded'],
    from: review.begunAt,
    ...(review.endedAt ? { to: review.endedAt } : {}),
  })
  const { id, begunAt, answerBy, endedAt } = review
  const about = [id, begunAt.toISOString(), answerBy.toISOString(), endedAt?.toISOString() ?? '']
  return keys.map((key) => {
    const answer = answers.get(key.id)
    const said = answer
      ? [
          answer.event === 'key.confirmed-needed' ? 'still needed' : 'not needed',
          ...[answer.actor.id, answer.at.toISOString(), String(answer.details.reason ?? '')],
        ]
      : [words[key.stands], '', '', '']
    return [...about, key.id, key.name, key.ownerId, key.scopes.join(' '), ...said]
  })
}
