import type { AddressInfo } from 'node:net'
import { App, type AppOptions, LogLevel } from '@slack/bolt'
import { type LocalSlack, type Options, startSlack } from '../slack.ts'

export type Running = { slack: LocalSlack; app: App; requestUrl?: string; stop(): Promise<void> }

const manifest = new URL('manifest.yml', import.meta.url).pathname
export const ada = 'U0ADA00001'
export const bruno = 'U0BRUNO002'
export const general = 'C0GENERAL1'
export const security = 'C0SECURITY'

export function startProbe(options: Partial<Options> = {}): Promise<LocalSlack> {
  return startSlack({ clock: { now: () => new Date() }, manifest, retryDelaysSeconds: [0, 0, 0], ...options })
}

/** A real Bolt app against a local Slack, over Socket Mode or signed HTTP. */
export async function startBolt(over: 'socket' | 'http', options: Partial<Options> = {}): Promise<Running> {
  const slack = await startProbe(options)
  const common: AppOptions = {
    token: slack.botToken,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } },
  }
  const app = new App(
    over === 'socket'
      ? { ...common, socketMode: true, appToken: slack.appToken }
      : { ...common, signingSecret: slack.signingSecret },
  )
  const server = over === 'socket' ? await app.start() : await app.start(0)
  let requestUrl: string | undefined
  if (over === 'http') {
    const { port } = (server as { address(): AddressInfo }).address()
    requestUrl = `http://127.0.0.1:${port}/slack/events`
    await slack.verifyRequestUrl(requestUrl)
    slack.deliverOverHttp(requestUrl)
  }
  return {
    slack,
    app,
    requestUrl,
    async stop() {
      await app.stop()
      await slack.close()
    },
  }
}

export const plain = (text: string) => ({ type: 'plain_text' as const, text })

/** A promise to be kept from inside a listener. */
export function promised<T>(): { promise: Promise<T>; keep: (value: T) => void } {
  let keep: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    keep = resolve
  })
  return { promise, keep }
}
