import type { WebClient } from '@slack/web-api'
import { isLatest } from '../directory/slack-users.ts'
import { orDatabaseOut } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse, sentence } from '../foundation/refusal.ts'
import { errorName, isFullUser } from '../foundation/slack.ts'
import { plain, say, series } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Actor } from '../members/actor.ts'
import { findMember, inCharge, type Member } from '../members/member.ts'
import { currentOffboarding } from '../offboarding/offboarding.ts'
import { readPreferences } from '../workspaces/preferences.ts'
import { ensureMember } from '../workspaces/roles.ts'
import { placesOf, type Workspace } from '../workspaces/workspace.ts'

/** The person who acts, looked up in the database. Only team and user are taken from the payload. */
export type Caller = {
  teamId: string
  actor: Actor & { kind: 'member' }
  workspace: Workspace
  /** all workspaces of the caller's account */
  workspaces: Workspace[]
}

export type Claim = {
  /** the team that the app is installed in */
  teamId: string
  userId: string
  /** a workspace by name (`in:`) or id (a dialog's reference); the oldest when absent */
  workspace?: string
}

/**
 * Looks up the person who acts: account by team, workspace, role there. Refuses guests, people of other organisations
 * and workspaces of other accounts. Refuses people who are being offboarded, except in workspaces where they keep their
 * role. Slack is asked about a person whom the workspace has not met, after `beforeSlack`: the team that a payload names
 * for them says nothing, since in an organisation it may be another one than ours.
 */
export const identify = (
  world: Pick<World, 'db' | 'clock'>,
  web: WebClient,
  claim: Claim,
  beforeSlack?: () => Promise<void>,
): Promise<Caller | Refusal> => orDatabaseOut(() => findCaller(world, web, claim, beforeSlack))

async function findCaller(
  world: Pick<World, 'db' | 'clock'>,
  web: WebClient,
  claim: Claim,
  beforeSlack?: () => Promise<void>,
) {
  const places = await placesOf(world.db, claim.teamId, claim.userId)
  const first = places[0]
  if (!first) return refuse('not_a_member', 'Keywarden has no workspace for this Slack team.')
  const workspaces = places.map((place) => place.workspace)
  const workspace = await chosen(world, workspaces, claim)
  const { keepsRoleIn } = first
  if (keepsRoleIn && !(workspace && keepsRoleIn.includes(workspace.id)))
    return leaving(world, first.workspace)
  if (!workspace)
    return refuse('not_found', say`There is no workspace called ${{ name: claim.workspace! }} here.`, {
      next: say`Your workspaces: ${series(
        workspaces.map((w) => [{ name: w.name }]),
        'and',
      )}.`,
    })
  const known = places.find((place) => place.workspace === workspace)?.member
  if (!known?.met) await beforeSlack?.()
  const member = known?.met ? known : await meet(world, web, workspace, claim)
  if (isRefusal(member)) return member
  const actor = { kind: 'member', id: claim.userId, role: member.role, workspaceId: workspace.id } as const
  return { teamId: claim.teamId, actor, workspace, workspaces }
}

/** The workspace named in the command, else the person's saved choice, else the oldest. */
async function chosen(world: Pick<World, 'db'>, workspaces: Workspace[], claim: Claim) {
  if (claim.workspace) return pick(workspaces, claim.workspace)
  if (workspaces.length === 1) return workspaces[0]
  const { workspaceId } = await readPreferences(world.db, workspaces[0]!.accountId, claim.userId)
  return workspaces.find((workspace) => workspace.id === workspaceId) ?? workspaces[0]
}

const pick = (workspaces: Workspace[], wanted: string) =>
  workspaces.find((w) => w.id === wanted || w.name.toLowerCase() === wanted.trim().toLowerCase())

/** Adds a new person once Slack confirms that they are a full member of the team. */
async function meet(
  world: Pick<World, 'db' | 'clock'>,
  web: WebClient,
  workspace: Workspace,
  claim: Claim,
): Promise<Member | Refusal> {
  const { user } = await web.users.info({ user: claim.userId })
  if (!isFullUser(user, claim.teamId)) return outsider(world, workspace)
  const said = { id: claim.userId, updated: user?.updated, isOut: false }
  const member = await world.db.transaction(async (trx) =>
    // An event may have said something later while Slack answered.
    (await isLatest(trx, workspace.accountId, said))
      ? ensureMember(trx, workspace.id, claim.userId, world.clock.now())
      : undefined,
  )
  return member ?? outsider(world, workspace)
}

/** Whether Slack lists the user as a full member of the team: not a guest, a bot or from another organisation. */
export async function isFullMember(web: WebClient, userId: string, teamId: string): Promise<boolean> {
  const { user } = await web.users.info({ user: userId })
  return isFullUser(user, teamId)
}

/**
 * Why this person cannot be given keys, work or a role, as an error for the field that names them; undefined when they
 * can. May wait for Slack, so it is asked after the acknowledgement.
 */
export async function recipientError(
  { db }: Pick<World, 'db'>,
  web: WebClient,
  { teamId, workspace }: Caller,
  userId: string,
): Promise<string | undefined> {
  const known = await orDatabaseOut(async () => ({
    offboarding: await currentOffboarding(db, workspace.accountId, userId),
    member: await findMember(db, workspace.id, userId),
  }))
  if (isRefusal(known)) return plain(sentence(known))
  if (known.offboarding) return 'They are being offboarded. Choose somebody who stays.'
  if (known.member?.met) return undefined
  try {
    return (await isFullMember(web, userId, teamId)) ? undefined : 'Choose a full member of your team.'
  } catch (error) {
    if (errorName(error) === 'user_not_found') return 'Choose a full member of your team.'
    return 'Slack does not say who that is. Try again in a minute.'
  }
}

/** Slack may still let people in for a while after their company has reported that they leave. */
async function leaving(world: Pick<World, 'db'>, workspace: Workspace): Promise<Refusal> {
  const people = await inCharge(world.db, workspace.id)
  return refuse('not_a_member', say`You have been offboarded from ${{ name: workspace.name }}.`, {
    ...(people[0] ? { next: say`If that is a mistake, ask ${{ user: people[0] }} to undo it.` } : {}),
  })
}

async function outsider(world: Pick<World, 'db'>, workspace: Workspace): Promise<Refusal> {
  const people = await inCharge(world.db, workspace.id)
  return refuse('not_a_member', 'Only full members of this Slack team can use Keywarden.', {
    ...(people[0] ? { next: say`Ask ${{ user: people[0] }}.` } : {}),
  })
}
