import type { Act } from '../members/actor.ts'

/**
 * Keeps what Slack says of a person; false when it is no news: a repeated event, or one that a later one has overtaken.
 * `updated`: seconds by Slack's count; what comes without it is always news. `isOut`: they left, or became a guest.
 */
export async function isNews(
  act: Act,
  accountId: string,
  { id, updated, isOut }: { id: string; updated?: number | undefined; isOut: boolean },
): Promise<boolean> {
  if (updated === undefined) return true
  // Two changes within one second have the same time.
  const { rows } = await act.trx.raw(
    `insert into slack_users as known (account_id, user_id, updated, is_out) values (?, ?, ?, ?)
     on conflict (account_id, user_id) do update set updated = excluded.updated, is_out = excluded.is_out
     where known.updated < excluded.updated
       or (known.updated = excluded.updated and known.is_out <> excluded.is_out)
     returning user_id`,
    [accountId, id, Math.floor(updated), isOut],
  )
  return rows.length > 0
}
