import type { Executor } from '../foundation/database.ts'

/** A person as a list of Slack's members names them. */
export type KnownPerson = { userId: string; email: string }

/** The form in which addresses are kept and compared. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase()

/** Keeps which address belongs to whom, since Slack hides the addresses of deactivated people. The newest wins. */
export async function rememberEmails(
  db: Executor,
  accountId: string,
  people: readonly KnownPerson[],
  now: Date,
): Promise<void> {
  const rows = new Map(people.map(({ userId, email }) => [normaliseEmail(email), userId]))
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
export const userOfEmail = async (
  db: Executor,
  accountId: string,
  emails: readonly string[],
): Promise<string | undefined> => (await usersOfEmails(db, accountId, emails)).first(emails)

/** The same for many people at once: `first` says whose the first of these addresses is that anybody has. */
export async function usersOfEmails(
  db: Executor,
  accountId: string,
  emails: readonly string[],
): Promise<{ first(emails: readonly string[]): string | undefined }> {
  const { rows } = await db.raw(
    `select email, user_id from emails where account_id = ? and email = any(?::text[])`,
    [accountId, emails.map(normaliseEmail)],
  )
  const users = new Map<string, string>(
    rows.map((row: { email: string; user_id: string }) => [row.email, row.user_id]),
  )
  return { first: (some) => some.flatMap((email) => users.get(normaliseEmail(email)) ?? [])[0] }
}
