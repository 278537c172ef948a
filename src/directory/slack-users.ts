import type { Executor } from '../foundation/database.ts'

/**
 * A person as Slack has them. `updated`: seconds by Slack's count, of their latest change; what comes without it is
 * taken for the latest. `isOut`: they left, became a guest, or moved to another team.
 */
export type SaidOfUser = { id: string; updated?: number | undefined; isOut: boolean }

/** Keeps what an event says of a person; false when it is no news: a repeated event, or one that was overtaken. */
export const isNews = (db: Executor, accountId: string, said: SaidOfUser): Promise<boolean> =>
  // Two changes within one second have the same time.
  keep(db, accountId, said, '<>')

/**
 * False when something later was heard of the person. If not, nothing later is acted on until the transaction ends: of a
 * departure and a return that are heard at the same moment, the effects come in the order of the changes.
 */
export const isLatest = (db: Executor, accountId: string, said: SaidOfUser): Promise<boolean> =>
  keep(db, accountId, said, '=')

/** Those of these people of whom nothing later was heard. */
export async function withoutOvertaken<One extends { userId: string; updated?: number | undefined }>(
  db: Executor,
  accountId: string,
  people: readonly One[],
): Promise<One[]> {
  const dated = people.filter(({ updated }) => updated !== undefined)
  const { rows } = await db.raw(
    `select user_id from slack_users join unnest(?::text[], ?::bigint[]) as said (user_id, updated) using (user_id)
     where account_id = ? and slack_users.updated > said.updated`,
    [dated.map(({ userId }) => userId), dated.map(({ updated }) => Math.floor(updated!)), accountId],
  )
  const overtaken = new Set(rows.map((row: { user_id: string }) => row.user_id))
  return people.filter(({ userId }) => !overtaken.has(userId))
}

async function keep(
  db: Executor,
  accountId: string,
  { id, updated, isOut }: SaidOfUser,
  inTheSameSecond: '=' | '<>',
): Promise<boolean> {
  if (updated === undefined) return true
  const { rows } = await db.raw(
    `insert into slack_users as known (account_id, user_id, updated, is_out) values (?, ?, ?, ?)
     on conflict (account_id, user_id) do update set updated = excluded.updated, is_out = excluded.is_out
     where known.updated < excluded.updated
       or (known.updated = excluded.updated and known.is_out ${inTheSameSecond} excluded.is_out)
     returning user_id`,
    [accountId, id, Math.floor(updated), isOut],
  )
  return rows.length > 0
}
