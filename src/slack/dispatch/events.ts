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
import { again, orAgain } from './again.ts'
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
  const unread = (error: unknown) =>
    bot.world.log.error(
      { event: 'slack.group_unread', error: String(error) },
      'a change of a user group could not be followed; it is tried again for some minutes',
    )
  await again(unread, () => patiently(() => followGroup(bot, groupId)))
}

/**
 * Ends the role of a person who left, became a guest or moved to another team of the organisation, and starts the
 * offboarding of one who left.
 */
export async function onUserChanged(bot: BotContext, teamId: string, user: ChangedUser): Promise<void> {
  const unread = (error: unknown) =>
    bot.world.log.error(
      { event: 'slack.user_unread', error: String(error) },
      'a change of a person could not be followed; it is tried again for some minutes',
    )
  let isRetry = false
  const isNews = await again(unread, async () => {
    const wasTried = isRetry
    isRetry = true
    const done = await onLeftOrReturned(bot, teamId, user)
    // An attempt whose outcome nobody knew may have been the one.
    return done === 'stale' ? wasTried : done
  })
  if (!isNews) return
  await again(unread, async () => {
    const workspaces = await workspacesOfTeam(bot.world.db, teamId)
    const ids = workspaces.map(({ id }) => id)
    orAgain(
      await perform(bot.world, { kind: 'job', id: 'slack-events' }, (act) =>
        applyPresence(act, workspaces[0]!.accountId, ids, saidOf(user, teamId)),
      ),
    )
  })
}
