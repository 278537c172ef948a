import { setTimeout as pause } from 'node:timers/promises'
import { type Receiver, SocketModeReceiver } from '@slack/bolt'
import { lastingTrouble } from '../foundation/lasting-trouble.ts'
import { callsToSlack, slackLogger } from '../foundation/slack.ts'
import type { World } from '../foundation/world.ts'

/** Slack renews a connection every hour or so; meanwhile the other one receives. Each event comes on one of them. */
const lineCount = 2
const longestPauseSeconds = 30

/**
 * Receives from Slack in Socket Mode: we connect, nothing listens. The library would wait five seconds before each
 * reconnection, and end the process when Slack cannot be reached at that moment. Here a lost connection is reopened
 * at once, and retried for as long as it takes.
 */
export function socketReceiver({ config, log }: Pick<World, 'config' | 'log'>): Receiver {
  const stopping = new AbortController()
  const logger = { ...slackLogger(log), error: slackLogger(log).info }
  const lines = Array.from(
    { length: lineCount },
    () =>
      new SocketModeReceiver({
        appToken: config.slack.appToken,
        logger,
        autoReconnectEnabled: false,
        installerOptions: { clientOptions: callsToSlack({ config, log }) },
      }),
  )

  /** Keeps the connection open. Resolves when it is closed for good. */
  async function keepOpen(line: SocketModeReceiver, opened?: Promise<unknown>): Promise<void> {
    let failures = 0
    const outage = lastingTrouble({
      begun: (error) =>
        log.warn(
          { event: 'slack.unreachable', error: String(error) },
          'Slack cannot be reached; trying again',
        ),
      ended: () => log.info({ event: 'slack.reconnected' }, 'Slack is connected again'),
    })
    for (let opening = opened ?? line.start(); ; opening = line.start()) {
      try {
        await opening
        outage.isOver()
        failures = 0
        if (!stopping.signal.aborted) await lost(line)
      } catch (error) {
        outage.met(error)
        failures++
        const seconds = (error as { retryAfter?: number }).retryAfter ?? 2 ** failures / 4
        await pause(Math.min(seconds, longestPauseSeconds) * 1000, undefined, stopping)
      }
      if (stopping.signal.aborted) return
    }
  }

  return {
    init: (app) => {
      for (const line of lines) line.init(app)
    },
    async start() {
      const [first, ...others] = lines.map((line) => [line, line.start()] as const)
      // One open connection is enough to start; the others may take longer.
      for (const [line, opened] of others) keepOpen(line, opened).catch(() => undefined)
      try {
        await first![1]
      } catch (error) {
        await stop()
        throw error
      }
      keepOpen(...first!).catch(() => undefined)
    },
    stop,
  }

  async function stop() {
    stopping.abort()
    await Promise.all(lines.map((line) => line.stop()))
  }
}

const lost = (line: SocketModeReceiver): Promise<void> =>
  new Promise((resolve) => {
    line.client.once('disconnected', () => resolve())
  })
