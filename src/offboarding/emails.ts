import type { Executor } from '../foundation/database.ts'

/** A person as a list of Slack's members names them. */
export type KnownPerson = { userId: string; email: string }

/** The form in which addresses are kept and compared. */
export const foldEmail = (email: string): string => email.trim().toLowerCase()

/** Keeps which address belongs to whom, since Slack tells it of nobody who was deactivated. The newest wins. */
export async function rememberEmails(
  db: Executor,
  accountId: string,
  people: readonly KnownPerson[],
  now: Date,
): Promise<void> {
  const rows = new Map(people.map(({ userId, email }) => [foldEmail(email), userId]))
  if (rows.size === 0) return
  await db.raw(
    `insert into emails (account_id, email, user_id, seen_at)
     select ?, email, user_id, ? from unnest(?::text[], ?::text[]) as e(email, user_id)
     on conflict (account_id, email) do update set user_id = excluded.user_id, seen_at = excluded.seen_at
     where emails.user_id <> excluded.user_id or emails.seen_at < excluded.seen_at - interval '1 day'`,
    [accountId, now, [...rows.keys()], [...rows.values()]],
  )
}

/** Whose address that is, or was; of several the first that somebody is known by. */
export async function userOfEmail(
  db: Executor,
  accountId: string,
  emails: readonly string[],
): Promise<string | undefined> {
  const folded = emails.map(foldEmail)
  const rows = await db('emails')
    .where({ account_id: accountId })
    .whereIn('email', folded)
    .select('email', 'user_id')
  return folded.flatMap((email) => rows.filter((row) => row.email === email))[0]?.user_id
}
