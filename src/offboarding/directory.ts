import { violates } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { type Address, type AddressEdit, editAddresses, identifying } from './addresses.ts'
import { requestByEmail } from './by-email.ts'
import { foldEmail, userOfEmail } from './emails.ts'
import { noteReturn } from './end.ts'

/** What we keep of what a directory says about somebody; everything else it sends is passed over. */
export type Attributes = {
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

/** What a request wants to be different; null takes an attribute away. */
export type UserChange = { [name in keyof Attributes]?: string | null } & {
  userName?: string
  externalId?: string | null
  active?: boolean
  emails?: readonly AddressEdit[]
}

/** An account's directory, and the workspace whose policy decides about its leavers. */
export type Directory = { workspace: Workspace; connectionId: string; random: Random }

/** Adds somebody. A user name that is taken is refused, as directories expect. Who arrives inactive is a leaver. */
export async function createUser(
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
      user_name_folded: fold(userName),
      active: change.active ?? true,
      created_at: act.now,
      changed_at: act.now,
    })
    .onConflict(['account_id', 'user_name_folded'])
    .ignore()
    .returning('*')
  if (!row) return taken()
  const user = toUser(row)
  return user.active ? user : ((await leave(act, directory, user)) ?? user)
}

/**
 * Whether somebody works here, by itself, so that nothing else in a request can keep it from being noted. Whoever
 * does not is offboarded; saying so twice is one offboarding.
 */
export async function setActive(
  act: Act,
  directory: Directory,
  id: string,
  active: boolean,
): Promise<DirectoryUser | Refusal> {
  const before = await locked(act, directory, id)
  if (!before) return gone()
  const [row] = await act
    .trx('directory_users')
    .where({ id })
    .update({ active, changed_at: act.now })
    .returning('*')
  const user = toUser(row)
  if (!active) return (await leave(act, directory, user)) ?? user
  if (!before.active) await arrive(act, directory, user)
  return user
}

/** Everything else about somebody. */
export async function describeUser(
  act: Act,
  directory: Directory,
  id: string,
  change: UserChange,
): Promise<DirectoryUser | Refusal> {
  const before = await locked(act, directory, id)
  if (!before) return gone()
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
          ...(userName ? { user_name: userName, user_name_folded: fold(userName) } : {}),
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

/** Removes somebody from the directory: they have left. */
export async function removeUser(act: Act, directory: Directory, id: string): Promise<null | Refusal> {
  const user = await locked(act, directory, id)
  if (!user) return gone()
  const refusal = await leave(act, directory, user)
  if (refusal) return refusal
  await act.trx('directory_users').where({ id }).delete()
  return null
}

const locked = async (act: Act, { workspace }: Directory, id: string): Promise<DirectoryUser | undefined> => {
  const where = { id, account_id: workspace.accountId }
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

async function leave(
  act: Act,
  { workspace, connectionId, random }: Directory,
  user: DirectoryUser,
): Promise<Refusal | undefined> {
  const emails = addressesOf(user)
  // Slack's list names people by their address rather than by a user name that only looks like one.
  const waitsFor = emails.find((one) => fold(one) !== fold(user.userName))
  const reference = `${connectionId} ${user.id}`
  const request = { source: 'scim', emails, waitsFor, knownAs: user.slackUserId, reference } as const
  const made = await requestByEmail(act, workspace, request, random)
  return isRefusal(made) ? made : undefined
}

async function arrive(act: Act, { workspace }: Directory, user: DirectoryUser) {
  const emails = addressesOf(user)
  const userId = (await userOfEmail(act.trx, workspace.accountId, emails)) ?? user.slackUserId
  if (userId) await noteReturn(act, workspace.accountId, userId, ['scim'])
  // A request that still waits for a name must not begin once somebody is known by it.
  await act
    .trx('offboardings')
    .where({ account_id: workspace.accountId, state: 'unmatched' })
    .whereNull('ended_at')
    .whereIn('email', emails.map(fold))
    .update({ ended_at: act.now, ended_because: 'returned' })
}

const fold = foldEmail
const taken = () => refuse('duplicate', 'That userName is taken.', { field: 'userName' })
const gone = () => refuse('not_found', 'There is no such user.')
const nobodyMeant = () => refuse('gone', 'None of their addresses matches that filter.')

function columnsOf(change: UserChange, before: Attributes & Pick<DirectoryUser, 'emails'>) {
  const emails = editAddresses(before.emails, change.emails ?? [])
  if (!emails) return nobodyMeant()
  // Processes that are not upgraded yet know of one address.
  const email = identifying(emails)[0]?.value
  const attributes: Record<string, unknown> = { emails, ...(email ? { email } : {}) }
  for (const name of ['displayName', 'givenName', 'familyName'] as const) {
    const value = change[name] === undefined ? before[name] : change[name]
    if (value) attributes[name] = value
  }
  return {
    attributes: JSON.stringify(attributes),
    ...(change.externalId === undefined ? {} : { external_id: change.externalId }),
  }
}

type Stored = Attributes & { emails?: Address[]; email?: string }

/** A row of directory_users. */
export function toUser(row: Record<string, never>): DirectoryUser {
  const { email, emails, ...attributes } = row.attributes as unknown as Stored
  return {
    ...attributes,
    id: row.id!,
    emails: emails ?? (email ? [{ value: email, type: 'work', primary: true }] : []),
    userName: row.user_name!,
    externalId: row.external_id ?? null,
    active: row.active!,
    slackUserId: row.slack_user_id ?? null,
    createdAt: row.created_at!,
    changedAt: row.changed_at!,
  }
}
