import { setTimeout as pause } from 'node:timers/promises'
import { type App, type Receiver, type ReceiverEvent, SocketModeReceiver } from '@slack/bolt'
import { lastingTrouble } from '../foundation/lasting-trouble.ts'
import { callsToSlack, slackLogger } from '../foundation/slack.ts'
import type { World } from '../foundation/world.ts'

/** Slack renews a connection every hour or so; meanwhile the other one receives. Each event comes on one of them. */
const lineCount = 2
const longestPauseSeconds = 30
/** Real milliseconds: after these Slack does not wait for an acknowledgement any more. */
const acknowledgeMs = 3_000

/**
 * Receives from Slack in Socket Mode: we connect, nothing listens. The library would wait five seconds before each
 * reconnection, and end the process when Slack cannot be reached at that moment. Here a lost connection is reopened
 * at once, and retried for as long as it takes.
 */
export function socketReceiver({ config, log }: Pick<World, 'config' | 'log'>): Receiver {
  const stopping = new AbortController()
  const logger = { ...slackLogger(log), error: slackLogger(log).info }
  const lines = Array.from({ length: lineCount }, () => {
    const line = new SocketModeReceiver({
      appToken: config.slack.appToken,
      logger,
      autoReconnectEnabled: false,
      installerOptions: { clientOptions: callsToSlack({ config, log }) },
    })
    return { line, open: openUnacknowledged() }
  })

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
      for (const { line, open } of lines) line.init(open.noting(app))
    },
    async start() {
      const [first, ...others] = lines.map(({ line }) => [line, line.start()] as const)
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

  /** An acknowledgement goes by the connection that its payload came on: that is closed when nothing waits for one. */
  async function stop() {
    stopping.abort()
    await Promise.all(
      lines.map(async ({ line, open }) => {
        await Promise.race([open.none(), pause(acknowledgeMs, undefined, { ref: false })])
        await line.stop()
      }),
    )
  }
}

/** The payloads of one connection that are not acknowledged. */
function openUnacknowledged() {
  const open = new Set<ReceiverEvent>()
  const whenNone: (() => void)[] = []
  const isOver = (event: ReceiverEvent) => {
    open.delete(event)
    if (open.size === 0) for (const resolve of whenNone.splice(0)) resolve()
  }
  return {
    /** what passes payloads on to the app, and notes which were acknowledged */
    noting: (app: App): App =>
      ({
        async processEvent(event: ReceiverEvent) {
          open.add(event)
          const ack = (answer?: unknown) => event.ack(answer as never).finally(() => isOver(event))
          await app.processEvent({ ...event, ack }).finally(() => isOver(event))
        },
      }) as unknown as App,
    /** resolves as soon as there is none */
    none: () => new Promise<void>((resolve) => (open.size === 0 ? resolve() : void whenNone.push(resolve))),
  }
}

const lost = (line: SocketModeReceiver): Promise<void> =>
  new Promise((resolve) => {
    line.client.once('disconnected', () => resolve())
  })
