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
import { refreshHomes } from './live-home.ts'
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
        const work = settle(door, alerts, identity.teamId, workspace).finally(() => settling.delete(work))
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

async function settle(door: Door, alerts: AlertChannel, teamId: string, workspace: Workspace): Promise<void> {
  const { world } = door
  const later = (error: unknown) =>
    world.log.error({ error: String(error) }, 'alerts and Homes catch up later')
  await refreshHomes(door, teamId, workspace).catch(later)
  await reconcileWorkspace(world, workspace)
    .then(async (letters) => letters > 0 && deliverWaiting(world, alerts))
    .catch(later)
}
