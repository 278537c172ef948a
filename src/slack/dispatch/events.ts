import { perform } from '../../acts/perform.ts'
import { followGroup } from '../../directory/user-groups.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { patiently } from '../../foundation/slack.ts'
import { applyPresence } from '../../offboarding/presence.ts'
import { workspacesOfTeam } from '../../workspaces/workspace.ts'
import { identify } from '../caller.ts'
import { openHome } from '../conversations/home.ts'
import type { BotContext } from '../interaction.ts'
import { failure, redrawHomes } from '../live-home.ts'
import { type ChangedUser, onLeftOrReturned, saidOf } from './leavers.ts'

/** Draws Home when it is opened; outsiders get nothing. A failed draw is retried once. */
export async function onHomeOpened(bot: BotContext, teamId: string, userId: string): Promise<void> {
  const { log } = bot.world
  try {
    const caller = await identify(bot.world, bot.web, { teamId, userId })
    const refusal = isRefusal(caller) ? caller : await openHome(bot, caller)
    if (refusal) log.info({ event: 'slack.home_refused', code: refusal.code }, 'refused to draw an App Home')
  } catch (error) {
    log.warn({ event: 'slack.home_failed', userId, error: String(error) }, 'failed to draw an App Home')
    await redrawHomes(bot, teamId, [failure(userId, error)])
  }
}

/** Updates the roles that a user group gives when its members change. */
export async function onGroupChanged(bot: BotContext, groupId: string): Promise<void> {
  await patiently(() => followGroup(bot, groupId))
}

/**
 * Ends the role of a person who left, became a guest or moved to another team of the organisation, and starts the
 * offboarding of one who left.
 */
export async function onUserChanged(bot: BotContext, teamId: string, user: ChangedUser): Promise<void> {
  if (!(await onLeftOrReturned(bot, teamId, user))) return
  const workspaces = await workspacesOfTeam(bot.world.db, teamId)
  const ids = workspaces.map(({ id }) => id)
  await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) =>
    applyPresence(act, workspaces[0]!.accountId, ids, saidOf(user, teamId)),
  )
}
