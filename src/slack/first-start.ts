import type { WebClient } from '@slack/web-api'
import { perform } from '../acts/perform.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { slackStartError } from '../foundation/slack.ts'
import { StartError } from '../foundation/start-error.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import { bootstrap } from '../workspaces/bootstrap.ts'
import { type Workspace, workspacesOfTeam } from '../workspaces/workspace.ts'
import type { Identity } from './app.ts'

/**
 * Returns the bot's identity, and makes the first account and workspace of its team if there is none. The first owner
 * comes from configuration, else from the owners of the Slack workspace.
 * @throws StartError when Slack refuses the token, it is for a whole organisation, or no owner can be found
 */
export async function firstStart(world: World, web: WebClient): Promise<Identity> {
  const refused = (error: unknown) =>
    slackStartError(error, 'SLACK_BOT_TOKEN', 'OAuth & Permissions', world.config.slack.apiUrl)
  const auth = await web.auth.test().catch((error) => Promise.reject(refused(error)))
  if (auth.is_enterprise_install)
    throw new StartError(
      'SLACK_BOT_TOKEN is of an installation for a whole organisation. Install the app in one workspace, and use that token.',
    )
  const identity = { teamId: auth.team_id!, botId: auth.bot_id!, botUserId: auth.user_id! }
  if ((await workspacesOfTeam(world.db, identity.teamId)).length > 0) return identity
  const { config } = world
  const first = {
    team: { id: identity.teamId, name: auth.team ?? 'Slack' },
    ownerIds: config.firstOwner
      ? [config.firstOwner]
      : await slackOwners(web).catch((error) => Promise.reject(refused(error))),
    workspace: config.firstWorkspace,
    policy: { alertChannel: config.alertChannel, timeZone: config.timeZone },
  }
  const made = await perform(world, { kind: 'job', id: 'first-start' }, async (act) => {
    const workspace = await bootstrap(act, first, world.random)
    if (!isRefusal(workspace)) await welcome(act, workspace, first.ownerIds, world.random)
    return workspace
  })
  if (isRefusal(made)) throw new StartError(plain(made.message))
  world.log.info(
    { event: 'workspace.bootstrapped', workspace: made.name, owners: first.ownerIds },
    'created the first workspace',
  )
  return identity
}

/** A short guide for each of the first owners. Two first starts at once put it once. */
async function welcome(
  act: Act,
  { id: workspaceId, name, policy }: Workspace,
  ownerIds: readonly string[],
  random: Random,
): Promise<void> {
  const body = { workspace: name, alertChannel: policy.alertChannel }
  const about = { workspaceId, source: 'welcome', subjectId: workspaceId, step: 'first-start', body }
  const messages = ownerIds.map((id) => ({ ...about, mode: 'once' as const, destination: `dm:${id}` }))
  await put(act.trx, messages, act.now, random)
}

/** The primary owner first, then the other owners of the Slack workspace. */
async function slackOwners(web: WebClient): Promise<string[]> {
  const owners: { id: string; is_primary_owner?: boolean; is_owner?: boolean; deleted?: boolean }[] = []
  for await (const page of web.paginate('users.list', { limit: 200 })) {
    const { members = [] } = page as { members?: typeof owners }
    owners.push(...members.filter((member) => member.is_owner && !member.deleted))
  }
  if (owners.length === 0)
    throw new StartError(
      'Slack names no workspace owner. Set KEYWARDEN_FIRST_OWNER=U012AB3CD to a Slack user id.',
    )
  return owners.sort((a, b) => Number(b.is_primary_owner) - Number(a.is_primary_owner)).map(({ id }) => id)
}
