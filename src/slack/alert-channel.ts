import type { WebClient } from '@slack/web-api'
import { type AlertChannel, Delay } from '../alerts/channel.ts'
import { alertMessage, alertReply } from './messages/alert.ts'

/** Alerts as Slack messages, each with the id of its letter in the metadata. */
export function slackAlerts(web: WebClient): AlertChannel {
  const metadata = (letterId: string) => ({
    event_type: 'keywarden_alert',
    event_payload: { letter: letterId },
  })
  const channels = new Map<string, string>()

  async function channelId(destination: string): Promise<string> {
    const name = destination.replace(/^channel:/, '')
    if (/^[CG][A-Z0-9]{8,}$/.test(name)) return name
    const known = channels.get(name)
    if (known) return known
    for await (const page of web.paginate('conversations.list', {
      types: 'public_channel,private_channel',
      exclude_archived: true,
      limit: 1000,
    })) {
      const found = (page as { channels?: { id: string; name: string }[] }).channels?.find(
        (c) => c.name === name,
      )
      if (found) {
        channels.set(name, found.id)
        return found.id
      }
    }
    throw new Error(`no channel called #${name}; create it, or name another with KEYWARDEN_ALERT_CHANNEL`)
  }

  async function send(channel: string, what: Parameters<WebClient['chat']['postMessage']>[0]) {
    try {
      return await web.chat.postMessage(what)
    } catch (error) {
      if (errorName(error) !== 'not_in_channel') throw error
      // A public channel can be joined; a private one needs somebody to invite the bot.
      await web.conversations.join({ channel })
      return web.chat.postMessage(what)
    }
  }

  return {
    post: (destination, alert, letterId) =>
      withDelay(async () => {
        const channel = await channelId(destination)
        const message = alertMessage(alert, true)
        const posted = await send(channel, { channel, ...message, metadata: metadata(letterId) })
        return { channelId: channel, ts: posted.ts! }
      }),
    edit: (where, alert) =>
      withDelay(async () => {
        await web.chat.update({ channel: where.channelId, ts: where.ts, ...alertMessage(alert, false) })
      }),
    reply: (where, alert, letterId) =>
      withDelay(async () => {
        const { channelId: channel, ts: thread_ts } = where
        await send(channel, { channel, thread_ts, ...alertReply(alert), metadata: metadata(letterId) })
      }),
  }
}

const errorName = (error: unknown): string | undefined => (error as { data?: { error?: string } }).data?.error

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
