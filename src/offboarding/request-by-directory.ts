import { normaliseEmail, userOfEmail } from '../directory/emails.ts'
import {
  addressesOf,
  type Directory,
  type DirectoryUser,
  deleteUser,
  inactiveUserOf,
  insertUser,
  lockUser,
  type UserChange,
  updateActive,
  updateUser,
  wronglyKnown,
} from '../directory/users.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { requestByEmail } from './request-by-email.ts'
import { recordReturn } from './undo.ts'

/**
 * Adds a user to the directory. One who arrives inactive is a leaver; one who left and is created again, under the same
 * user name and not as another person of the directory, is back.
 */
export async function createUser(
  act: Act,
  directory: Directory,
  change: UserChange,
): Promise<DirectoryUser | Refusal> {
  const user = await insertUser(act, directory, change)
  if (isRefusal(user) && user.code === 'duplicate') return (await revive(act, directory, change)) ?? user
  if (isRefusal(user) || user.active) return user
  return (await leave(act, directory, user)) ?? user
}

async function revive(
  act: Act,
  directory: Directory,
  { active = true, ...change }: UserChange,
): Promise<DirectoryUser | Refusal | undefined> {
  const gone = await inactiveUserOf(act, directory, change.userName!)
  const isAnother = gone?.externalId && change.externalId && gone.externalId !== change.externalId
  if (!gone || isAnother || !active) return undefined
  const back = await setActive(act, directory, gone.id, true)
  return isRefusal(back) ? back : updateUser(act, directory, gone.id, change)
}

/**
 * Sets whether a user works here, by itself, so that nothing else in a request can keep it from being noted. One who
 * does not is offboarded; saying so twice is one offboarding.
 */
export async function setActive(
  act: Act,
  directory: Directory,
  id: string,
  active: boolean,
): Promise<DirectoryUser | Refusal> {
  const updated = await updateActive(act, directory, id, active)
  if (isRefusal(updated)) return updated
  const { before, user } = updated
  if (!active) return (await leave(act, directory, user)) ?? user
  if (!before.active) await returned(act, directory, user)
  return user
}

/** Removes a user from the directory: they have left. */
export async function removeUser(act: Act, directory: Directory, id: string): Promise<null | Refusal> {
  const user = await lockUser(act, directory, id)
  if (isRefusal(user)) return user
  const refusal = await leave(act, directory, user)
  if (refusal) return refusal
  await deleteUser(act, user)
  return null
}

async function leave(
  act: Act,
  { workspace, connectionId, random }: Directory,
  user: DirectoryUser,
): Promise<Refusal | undefined> {
  const emails = addressesOf(user)
  // Slack's list names people by their address rather than by a user name that only looks like one.
  const waitsFor = emails.find((one) => normaliseEmail(one) !== normaliseEmail(user.userName))
  const reference = `${connectionId} ${user.id}`
  const isWrong = (await wronglyKnown(act.trx, workspace.accountId, [user])).has(user.id)
  const knownAs = isWrong ? null : user.slackUserId
  const request = { source: 'scim', emails, waitsFor, knownAs, reference } as const
  const made = await requestByEmail(act, workspace, request, random)
  return isRefusal(made) ? made : undefined
}

async function returned(act: Act, { workspace, random }: Directory, user: DirectoryUser): Promise<void> {
  const emails = addressesOf(user)
  const userId = (await userOfEmail(act.trx, workspace.accountId, emails)) ?? user.slackUserId
  if (userId) await recordReturn(act, workspace.accountId, userId, 'directory', random)
  // A request that still waits for a name must not begin once somebody is known by it.
  await act
    .trx('offboardings')
    .where({ account_id: workspace.accountId, state: 'unmatched' })
    .whereNull('ended_at')
    .whereIn('email', emails.map(normaliseEmail))
    .update({ ended_at: act.now, ended_because: 'returned' })
}
