import { setTimeout as pause } from 'node:timers/promises'
import { isRefusal } from '../foundation/refusal.ts'
import { hourMs } from '../foundation/time.ts'
import { recentHomes } from '../workspaces/preferences.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { identify } from './caller.ts'
import { drawHome } from './conversations/home.ts'
import type { BotContext } from './interaction.ts'

/** Homes that were opened this recently are updated at once, at most this many per change. */
const recentMs = hourMs
const max = 20
/** Real milliseconds before a failed Home is drawn again, unless Slack names a time. */
const retryMs = 2_000
const longestMs = 10_000

/** A Home that could not be drawn, and when it may be retried. */
type Failed = { userId: string; afterMs: number }

/**
 * Redraws the Homes that were opened recently, since Slack keeps a Home until it is published anew. A failed one does
 * not stop the others. Returns those that failed.
 */
export async function refreshHomes(bot: BotContext, teamId: string, workspace: Workspace): Promise<Failed[]> {
  const since = new Date(bot.world.clock.now().getTime() - recentMs)
  return drawEach(bot, teamId, await recentHomes(bot.world.db, workspace.accountId, since, max))
}

/** Retries failed Homes once, with current data. Another failure waits for the next change or the next opening. */
export async function redrawHomes(bot: BotContext, teamId: string, failed: readonly Failed[]): Promise<void> {
  if (failed.length === 0) return
  await pause(Math.min(Math.max(...failed.map(({ afterMs }) => afterMs)), longestMs))
  await drawEach(
    bot,
    teamId,
    failed.map(({ userId }) => userId),
  )
}

async function drawEach(bot: BotContext, teamId: string, userIds: readonly string[]): Promise<Failed[]> {
  const failed: Failed[] = []
  for (const userId of userIds)
    await draw(bot, teamId, userId).catch((error) => {
      bot.world.log.warn(
        { event: 'slack.home_failed', userId, error: String(error) },
        'failed to draw an App Home',
      )
      failed.push(failure(userId, error))
    })
  return failed
}

async function draw(bot: BotContext, teamId: string, userId: string): Promise<void> {
  const caller = await identify(bot.world, bot.web, { teamId, userId })
  if (!isRefusal(caller)) await drawHome(bot, caller)
}

/** A failed Home, to retry when Slack's 429 says. */
export const failure = (userId: string, error: unknown): Failed => ({
  userId,
  afterMs: ((error as { retryAfter?: number }).retryAfter ?? 0) * 1_000 || retryMs,
})
