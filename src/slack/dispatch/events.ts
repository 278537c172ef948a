import { perform } from '../../acts/perform.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { isGuest } from '../../foundation/slack.ts'
import { markDeparted, markReturned, refreshGroup } from '../../workspaces/roles.ts'
import { workspacesOfTeam } from '../../workspaces/workspace.ts'
import { identify } from '../caller.ts'
import { openHome } from '../conversations/home.ts'
import type { BotContext } from '../interaction.ts'
import { failure, redrawHomes } from '../live-home.ts'
import { type ChangedUser, onLeftOrReturned } from './leavers.ts'

/** Draws Home when it is opened; outsiders get nothing. A failed draw is retried once. */
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

/** Updates the roles that a user group gives when its members change. */
export async function onGroupChanged(bot: BotContext, groupId: string): Promise<void> {
  const { users = [] } = await bot.web.usergroups.users.list({ usergroup: groupId })
  await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) => refreshGroup(act, groupId, users))
}

/** Ends the role of a person who left or became a guest, and starts the offboarding of one who left. */
export async function onUserChanged(bot: BotContext, teamId: string, user: ChangedUser): Promise<void> {
  if (!(await onLeftOrReturned(bot, teamId, user))) return
  const isOut = user.deleted || isGuest(user)
  for (const workspace of await workspacesOfTeam(bot.world.db, teamId))
    await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) =>
      isOut ? markDeparted(act, workspace.id, user.id) : markReturned(act, workspace.id, user.id),
    )
}
