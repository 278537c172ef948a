import { type Executor, violates } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { type Address, type AddressEdit, editAddresses, identifying } from './addresses.ts'
import { normaliseEmail, userOfEmail } from './emails.ts'

/** The attributes we keep of a person; others that a directory sends are ignored. */
type Attributes = {
  displayName?: string
  givenName?: string
  familyName?: string
}

export type DirectoryUser = Attributes & {
  id: string
  emails: readonly Address[]
  userName: string
  externalId: string | null
  active: boolean
  /** whom Slack knew by an address of theirs before the directory changed it */
  slackUserId: string | null
  createdAt: Date
  changedAt: Date
}

/** The changes that a request asks for; null removes an attribute. */
export type UserChange = { [name in keyof Attributes]?: string | null } & {
  userName?: string
  externalId?: string | null
  active?: boolean
  emails?: readonly AddressEdit[]
}

/** An account's directory, and the workspace whose policy decides about its leavers. */
export type Directory = { workspace: Workspace; connectionId: string; random: Random }

/** Adds a user. A user name that is taken is refused, as directories expect. */
export async function insertUser(
  act: Act,
  directory: Directory,
  change: UserChange,
): Promise<DirectoryUser | Refusal> {
  const { userName } = change
  if (!userName) return refuse('invalid', 'userName is missing.')
  const columns = columnsOf(change, { emails: [] })
  if (isRefusal(columns)) return columns
  const [row] = await act
    .trx('directory_users')
    .insert({
      id: newId('usr', directory.random),
      account_id: directory.workspace.accountId,
      ...columns,
      user_name: userName,
      user_name_folded: normalise(userName),
      active: change.active ?? true,
      created_at: act.now,
      changed_at: act.now,
    })
    .onConflict(['account_id', 'user_name_folded'])
    .ignore()
    .returning('*')
  return row ? toUser(row) : taken()
}

/** Sets whether a user works here. @returns them as they were and as they are */
export async function updateActive(
  act: Act,
  directory: Directory,
  id: string,
  active: boolean,
): Promise<{ before: DirectoryUser; user: DirectoryUser } | Refusal> {
  const before = await lockUser(act, directory, id)
  if (isRefusal(before)) return before
  const [row] = await act
    .trx('directory_users')
    .where({ id })
    .update({ active, changed_at: act.now })
    .returning('*')
  return { before, user: toUser(row) }
}

/** Changes everything else about a user. */
export async function updateUser(
  act: Act,
  directory: Directory,
  id: string,
  change: UserChange,
): Promise<DirectoryUser | Refusal> {
  const before = await lockUser(act, directory, id)
  if (isRefusal(before)) return before
  const columns = columnsOf(change, before)
  if (isRefusal(columns)) return columns
  const { userName } = change
  const slackUserId = await userOfEmail(act.trx, directory.workspace.accountId, addressesOf(before))
  try {
    const [row] = await act.trx.transaction((savepoint) =>
      savepoint('directory_users')
        .where({ id })
        .update({
          ...columns,
          ...(userName ? { user_name: userName, user_name_folded: normalise(userName) } : {}),
          ...(slackUserId ? { slack_user_id: slackUserId } : {}),
          changed_at: act.now,
        })
        .returning('*'),
    )
    return toUser(row)
  } catch (error) {
    if (violates(error, 'directory_users_account_id_user_name_folded_key')) return taken()
    throw error
  }
}

/** Removes a user whom the caller has locked. */
export const deleteUser = (act: Act, { id }: DirectoryUser): Promise<number> =>
  act.trx('directory_users').where({ id }).delete()

/** Locks a user of this account's directory for the rest of the transaction. */
export async function lockUser(
  act: Act,
  { workspace }: Directory,
  id: string,
): Promise<DirectoryUser | Refusal> {
  const where = { id, account_id: workspace.accountId }
  const row = await act.trx('directory_users').where(where).forUpdate().first()
  return row ? toUser(row) : refuse('not_found', 'There is no such user.')
}

/** Somebody of that user name whom the directory says to have left, locked. */
export async function inactiveUserOf(
  act: Act,
  { workspace }: Directory,
  userName: string,
): Promise<DirectoryUser | undefined> {
  const where = { account_id: workspace.accountId, user_name_folded: normalise(userName), active: false }
  const row = await act.trx('directory_users').where(where).forUpdate().first()
  return row && toUser(row)
}

/**
 * The addresses by which the directory has known this person, to be tried in this order. The user name is first: it is
 * theirs alone. An address that a request only now brings may be another's.
 */
export function addressesOf(user: DirectoryUser): string[] {
  const emails = identifying(user.emails).map((one) => one.value)
  const addresses = [user.userName, ...emails].filter((one) => one.includes('@'))
  return addresses.length > 0 ? addresses : [user.userName]
}

/**
 * Of these users, the ids of those whose `slackUserId` is somebody else's: an address was corrected, and the old one is
 * that of another user.
 */
export async function wronglyKnown(
  db: Executor,
  accountId: string,
  users: readonly DirectoryUser[],
): Promise<Set<string>> {
  const ids = users.filter((user) => user.slackUserId).map((user) => user.id)
  if (ids.length === 0) return new Set()
  const { rows } = await db.raw(
    `select d.id from directory_users d where d.id = any(?::text[]) and exists (
       select from emails e join directory_users o on o.account_id = e.account_id and o.id <> d.id
           and (o.user_name_folded = e.email or exists (
             select from jsonb_array_elements(o.attributes->'emails') a where lower(a->>'value') = e.email))
         where e.account_id = ? and e.user_id = d.slack_user_id)`,
    [ids, accountId],
  )
  return new Set(rows.map((row: { id: string }) => row.id))
}

const normalise = normaliseEmail
const taken = () => refuse('duplicate', 'That userName is taken.', { field: 'userName' })
const nobodyMeant = () => refuse('gone', 'None of their addresses matches that filter.')

function columnsOf(change: UserChange, before: Attributes & Pick<DirectoryUser, 'emails'>) {
  const emails = editAddresses(before.emails, change.emails ?? [])
  if (!emails) return nobodyMeant()
  const attributes: Record<string, unknown> = { emails }
  for (const name of ['displayName', 'givenName', 'familyName'] as const) {
    const value = change[name] === undefined ? before[name] : change[name]
    if (value) attributes[name] = value
  }
  return {
    attributes: JSON.stringify(attributes),
    ...(change.externalId === undefined ? {} : { external_id: change.externalId }),
  }
}

/** A row of directory_users. */
export function toUser(row: Record<string, never>): DirectoryUser {
  return {
    ...(row.attributes as unknown as Attributes & { emails: Address[] }),
    id: row.id!,
    userName: row.user_name!,
    externalId: row.external_id ?? null,
    active: row.active!,
    slackUserId: row.slack_user_id ?? null,
    createdAt: row.created_at!,
    changedAt: row.changed_at!,
  }
}
