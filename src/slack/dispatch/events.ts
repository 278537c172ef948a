import { perform } from '../../acts/perform.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { forgetMember, refreshGroup, welcomeBack } from '../../workspaces/roles.ts'
import { workspacesOfTeam } from '../../workspaces/workspace.ts'
import { identify } from '../caller.ts'
import { openHome } from '../conversations/home.ts'
import type { BotContext } from '../interaction.ts'
import { failure, redrawHomes } from '../live-home.ts'
import { type ChangedUser, onLeftOrReturned } from './leavers.ts'

/** Somebody opened the Home tab. Outsiders see nothing there. A Home that Slack did not take is drawn once more. */
export async function onHomeOpened(bot: BotContext, teamId: string, userId: string): Promise<void> {
  const { log } = bot.world
  try {
    const caller = await identify(bot.world, bot.web, { teamId, userTeamId: teamId, userId })
    const refusal = isRefusal(caller) ? caller : await openHome(bot, caller)
    if (refusal) log.info({ event: 'slack.home_refused', code: refusal.code }, 'refused to draw an App Home')
  } catch (error) {
    log.warn({ event: 'slack.home_failed', userId, error: String(error) }, 'failed to draw an App Home')
    await redrawHomes(bot, teamId, [failure(userId, error)])
  }
}

/** Who is in a user group changed: whoever its role was given to follows at once. */
export async function onGroupChanged(bot: BotContext, groupId: string): Promise<void> {
  const { users = [] } = await bot.web.usergroups.users.list({ usergroup: groupId })
  await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) => refreshGroup(act, groupId, users))
}

/** Somebody left, or became a guest: their role ends with it. Whoever left is offboarded. */
export async function onUserChanged(bot: BotContext, teamId: string, user: ChangedUser): Promise<void> {
  await onLeftOrReturned(bot, teamId, user)
  const isOut = user.deleted || user.is_restricted || user.is_ultra_restricted
  for (const workspace of await workspacesOfTeam(bot.world.db, teamId))
    await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) =>
      isOut ? forgetMember(act, workspace.id, user.id) : welcomeBack(act, workspace.id, user.id),
    )
}
