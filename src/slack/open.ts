import type { FastifyInstance } from 'fastify'
import { reconcileWorkspace } from '../findings/reconcile-all.ts'
import { openWebClient } from '../foundation/slack.ts'
import type { World } from '../foundation/world.ts'
import { openLeakRunner } from '../leaks/runner.ts'
import { deliverWaiting } from '../notifications/deliver.ts'
import { type Messenger, refreshMessages } from '../notifications/refresh.ts'
import { openOffboarder } from '../offboarding/offboarder.ts'
import { workOnRotations } from '../rotation/work.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { openSlack } from './app.ts'
import { firstStart } from './first-start.ts'
import type { BotContext } from './interaction.ts'
import { redrawHomes, refreshHomes } from './live-home.ts'
import { slackChannel } from './post-messages.ts'
import { httpReceiver } from './receivers.ts'
import { socketReceiver } from './socket.ts'
import { sources } from './sources.ts'

type Bot = {
  addRoutes?: (server: FastifyInstance) => void
  /** carries out pending offboardings, in the background */
  offboard(): void
  actOnLeaks: BotContext['actOnLeaks']
  start(): Promise<void>
  stop(): Promise<void>
}

export type SlackSide = {
  /** sends the outbox now; waits at most so long for what is to be tried again */
  deliver(timeout?: { seconds: number }): Promise<void>
  /** carries out open offboardings and posts their progress; shared by the bot and the jobs of a process */
  offboard(): Promise<void>
  /** acts on reports of leaks and sends their alerts; shared by the bot and the jobs of a process */
  actOnLeaks(): Promise<void>
  openBot(): Bot
  /** what has begun comes to its end, and no run of offboardings begins any more */
  stop(): void
}

/**
 * Opens everything that talks to Slack: the delivery of messages, offboardings, reports of leaks, and the bot where this
 * process runs it.
 */
export async function openSlackSide(world: World): Promise<SlackSide> {
  const web = openWebClient(world)
  const identity = await firstStart(world, web)
  // Messages have their own client: a rate limit on them must not delay answers to people.
  const { history, burst } = world.config.slack
  const channel = slackChannel(openWebClient(world), world.log, { history, atOnce: burst })
  const messenger: Messenger = { world, channel, sources }
  const deliver = async (timeout?: { seconds: number }) => {
    await Promise.all([refreshMessages(messenger), deliverWaiting(messenger, timeout)])
    await refreshMessages(messenger)
  }
  const stopping = new AbortController()
  const offboard = openOffboarder(world, () => deliver({ seconds: 2 }), stopping.signal)

  const actOnLeaks = openLeakRunner(world, () => deliver({ seconds: 2 }), stopping.signal)

  function openBot(): Bot {
    const refreshing = new Set<Promise<void>>()
    const bot: BotContext = {
      world,
      web,
      refresh(workspace) {
        const work = refresh(bot, deliver, identity.teamId, workspace).finally(() => refreshing.delete(work))
        refreshing.add(work)
      },
      offboard() {
        // The run has logged its error.
        const work = offboard()
          .catch(() => undefined)
          .finally(() => refreshing.delete(work))
        refreshing.add(work)
      },
      actOnLeaks() {
        // The run has logged its error.
        const work = actOnLeaks()
          .catch(() => undefined)
          .finally(() => refreshing.delete(work))
        refreshing.add(work)
        return work
      },
    }
    const http = world.config.slack.mode === 'http' ? httpReceiver(world) : undefined
    const app = openSlack(bot, http ?? socketReceiver(world), identity)
    return {
      ...(http ? { addRoutes: http.addRoutes } : {}),
      offboard: bot.offboard,
      actOnLeaks: bot.actOnLeaks,
      start: app.start,
      async stop() {
        await app.stop()
        await Promise.allSettled(refreshing)
      },
    }
  }
  return { deliver, offboard, actOnLeaks, openBot, stop: () => stopping.abort() }
}

/** Real milliseconds; the job waits longer. */
const confirmWithinMs = 2_000

async function refresh(
  bot: BotContext,
  deliver: SlackSide['deliver'],
  teamId: string,
  workspace: Workspace,
): Promise<void> {
  const { world } = bot
  const later = (error: unknown) =>
    world.log.error(
      { event: 'slack.refresh_failed', error: String(error) },
      'failed to refresh alerts, rotations or App Homes after a change',
    )
  // Messages of the act itself wait for nothing else.
  const delivered = deliver().catch(later)
  const failed = await refreshHomes(bot, teamId, workspace).catch(later)
  await Promise.all([
    delivered,
    redrawHomes(bot, teamId, failed ?? []).catch(later),
    workOnRotations(world, { withinMs: confirmWithinMs })
      .then(() => deliver())
      .catch(later),
    reconcileWorkspace(world, workspace)
      .then(() => deliver())
      .catch(later),
  ])
}
