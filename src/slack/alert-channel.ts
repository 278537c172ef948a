import type { WebClient } from '@slack/web-api'
import { type AlertChannel, Delay } from '../alerts/channel.ts'
import { findChannel, post } from './channels.ts'
import { alertMessage, alertReply } from './messages/alert.ts'

/** Alerts as Slack messages, each with the id of its letter in the metadata. */
export function slackAlerts(web: WebClient): AlertChannel {
  const known = new Map<string, string>()
  const metadata = (letter: string) => ({ event_type: 'keywarden_alert', event_payload: { letter } })

  async function channelOf(destination: string): Promise<string> {
    const name = destination.replace(/^channel:/, '')
    const id = known.get(name) ?? (await findChannel(web, name))
    known.set(name, id)
    return id
  }

  return {
    post: (destination, alert, letterId) =>
      withDelay(async () => {
        const channel = await channelOf(destination)
        const posted = await post(web, {
          channel,
          ...alertMessage(alert, true),
          metadata: metadata(letterId),
        })
        return { channelId: channel, ts: posted.ts! }
      }),
    edit: ({ channelId: channel, ts }, alert) =>
      withDelay(async () => void (await web.chat.update({ channel, ts, ...alertMessage(alert, false) }))),
    reply: ({ channelId: channel, ts: thread_ts }, alert, letterId) =>
      withDelay(
        async () =>
          void (await post(web, { channel, thread_ts, ...alertReply(alert), metadata: metadata(letterId) })),
      ),
  }
}

/** Slack's 429 names its own time. */
async function withDelay<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const { retryAfter } = error as { retryAfter?: number }
    if (retryAfter) throw new Delay(retryAfter)
    throw error
  }
}
