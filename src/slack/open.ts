import type { FastifyInstance } from 'fastify'
import type { AlertChannel } from '../alerts/channel.ts'
import { deliverWaiting } from '../alerts/deliver.ts'
import { reconcileWorkspace } from '../findings/settle.ts'
import { openWebClient } from '../foundation/slack.ts'
import type { World } from '../foundation/world.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { slackAlerts } from './alert-channel.ts'
import { openSlack } from './app.ts'
import { firstStart } from './first-start.ts'
import { httpReceiver, socketReceiver } from './receivers.ts'
import type { Door } from './story.ts'

export type Bot = {
  addRoutes?: (server: FastifyInstance) => void
  start(): Promise<void>
  stop(): Promise<void>
}

/** Everything that talks to Slack: the way alerts go out, and the bot itself when this process is one. */
export async function openSlackSide(world: World): Promise<{ alerts: AlertChannel; openBot(): Bot }> {
  const web = openWebClient(world)
  const identity = await firstStart(world, web)
  // Alerts have a client of their own: one rate limit must not hold up a person who is waiting.
  const alerts = slackAlerts(openWebClient(world))

  function openBot(): Bot {
    const settling = new Set<Promise<void>>()
    const door: Door = {
      world,
      web,
      settle(workspace) {
        const work = settle(world, alerts, workspace).finally(() => settling.delete(work))
        settling.add(work)
      },
    }
    const http = world.config.slack.mode === 'http' ? httpReceiver(world) : undefined
    const app = openSlack(door, http ?? socketReceiver(world), identity)
    return {
      ...(http ? { addRoutes: http.addRoutes } : {}),
      start: app.start,
      async stop() {
        await app.stop()
        await Promise.allSettled(settling)
      },
    }
  }
  return { alerts, openBot }
}

async function settle(world: World, alerts: AlertChannel, workspace: Workspace): Promise<void> {
  try {
    if ((await reconcileWorkspace(world, workspace)) > 0) await deliverWaiting(world, alerts)
  } catch (error) {
    world.log.error({ error: String(error) }, 'alerts will catch up with the next job')
  }
}
