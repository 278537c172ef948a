import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import type { Act } from '../members/actor.ts'

/** A person as a list of Slack's members names them. */
export type KnownPerson = { userId: string; email: string }

/** The form in which addresses are kept and compared. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase()

/**
 * Keeps which address belongs to whom, since Slack hides the addresses of deactivated people. The newest wins, but not
 * over what an operator said.
 */
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
     where emails.source = 'slack'
       and (emails.user_id <> excluded.user_id or emails.seen_at < excluded.seen_at - interval '1 day')`,
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

type Place = { accountId: string; workspaceId: string }

/** An address as it is kept: whose it is, and whether Slack or an operator said so. */
export type KnownAddress = { email: string; userId: string; source: 'slack' | 'shell'; seenAt: Date }

/** The addresses of a person, or all that an operator has said; at most a thousand. */
export async function listEmails(db: Executor, accountId: string, userId?: string): Promise<KnownAddress[]> {
  const rows = await db('emails')
    .where({ account_id: accountId, ...(userId ? { user_id: userId } : { source: 'shell' }) })
    .orderBy('email')
    .limit(1_000)
  return rows.map((row) => ({
    email: row.email,
    userId: row.user_id,
    source: row.source,
    seenAt: row.seen_at,
  }))
}

/** Says whose an address is, whatever Slack says. Returns whose it was. The event is the workspace's. */
export async function setEmail(
  act: Act,
  { accountId, workspaceId }: Place,
  person: KnownPerson,
): Promise<string | undefined> {
  const email = normaliseEmail(person.email)
  const where = { account_id: accountId, email }
  const before = await act.trx('emails').where(where).forUpdate().first('user_id')
  const known = { user_id: person.userId, source: 'shell', seen_at: act.now }
  await act
    .trx('emails')
    .insert({ ...where, ...known })
    .onConflict(['account_id', 'email'])
    .merge(known)
  const details = { email, user: person.userId, before: before?.user_id ?? null }
  await record(act, { event: 'address.set', workspaceId, details })
  return before?.user_id
}

/** Forgets what an operator said of an address; Slack's next list says again whose it is. False when nobody had said. */
export async function forgetEmail(
  act: Act,
  { accountId, workspaceId }: Place,
  address: string,
): Promise<boolean> {
  const email = normaliseEmail(address)
  const [row] = await act
    .trx('emails')
    .where({ account_id: accountId, email, source: 'shell' })
    .delete()
    .returning('user_id')
  if (row) await record(act, { event: 'address.removed', workspaceId, details: { email, user: row.user_id } })
  return row !== undefined
}
