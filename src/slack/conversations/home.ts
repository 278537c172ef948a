import type { HomeView } from '@slack/types'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { listKeys } from '../../keys/list.ts'
import { may } from '../../policy/may.ts'
import { withKeys } from '../../rotation/key-rotations.ts'
import { runningRotations } from '../../rotation/rotation.ts'
import { type Preferences, readPreferences, savePreferences } from '../../workspaces/preferences.ts'
import type { Caller } from '../caller.ts'
import type { BotContext, Handled, Interaction, OnClick } from '../interaction.ts'
import { bareHomeView, type HomeProps, homeView, shownOnHome } from '../messages/home/home.ts'
import { isAboutContent, translateError } from '../refusals.ts'
import { readInbox } from './inbox.ts'
import { viewer } from './pick.ts'

/** Draws Home when its tab is opened, and records the time, so that it is kept up to date. */
export async function openHome(bot: BotContext, caller: Caller): Promise<Handled> {
  const { db, clock } = bot.world
  const seen = await orDatabaseOut(() =>
    savePreferences(db, caller.workspace.accountId, caller.actor.id, { homeSeenAt: clock.now() }),
  )
  return isRefusal(seen) ? seen : drawHome(bot, caller)
}

/**
 * Publishes Home; where Slack refuses its content, a bare Home instead.
 * @throws when Slack cannot be reached, fails or refuses for another reason
 */
export async function drawHome(bot: BotContext, caller: Caller): Promise<Handled> {
  const { db } = bot.world
  const props = await orDatabaseOut(async () => {
    const preferences = await readPreferences(db, caller.workspace.accountId, caller.actor.id)
    return readHome(bot, caller, preferences)
  })
  if (isRefusal(props)) return props
  const publish = (view: HomeView) => bot.web.views.publish({ user_id: caller.actor.id, view })
  await publish(homeView(props)).catch((error) => {
    if (!isAboutContent(error)) throw error
    bot.world.log.error(
      { event: 'slack.home_content_refused', error: String(translateError(error)) },
      'Slack refused the content of an App Home; a short one is shown',
    )
    return publish(bareHomeView(props))
  })
}

async function readHome(bot: BotContext, caller: Caller, { homeShows }: Preferences): Promise<HomeProps> {
  const { db, clock } = bot.world
  const { workspace, actor } = caller
  const now = clock.now()
  const manages = may(actor, 'key.issue', { workspaceId: workspace.id })
  const shows = manages ? homeShows : 'mine'
  const filter = shows === 'mine' ? ({ status: 'mine' } as const) : {}
  const [inbox, running, keys] = await Promise.all([
    readInbox({ bot, caller }, { rowCount: shownOnHome.items }),
    // One more than Home shows, to know whether there are more.
    runningRotations(db, workspace.id, shownOnHome.rotations + 1, manages ? undefined : actor.id),
    listKeys(db, viewer({ caller }), filter, { from: 0 }, workspace.policy, now, {
      rowCount: shownOnHome.keys,
      counted: false,
    }),
  ])
  const rotations = await withKeys(db, running.slice(0, shownOnHome.rotations), now)
  return {
    ...{ caller, shows, now, items: inbox.items, count: inbox.count },
    rotations: { shown: rotations, more: running.length > rotations.length },
    keys: { shown: keys.keys, more: keys.more },
  }
}

/** Switches between my keys and all keys, or between workspaces, and saves the choice. */
export const switchHome: OnClick = async (interaction: Interaction & { value: string }) => {
  const { caller, bot } = interaction
  const { value } = interaction
  const choice =
    value === 'mine' || value === 'all'
      ? ({ homeShows: value } as const)
      : { workspaceId: caller.workspace.id }
  const kept = await orDatabaseOut(() =>
    savePreferences(bot.world.db, caller.workspace.accountId, caller.actor.id, choice),
  )
  return isRefusal(kept) ? kept : drawHome(bot, caller)
}
