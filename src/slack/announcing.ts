import type { WebClient } from '@slack/web-api'
import type { Posted } from '../notifications/channel.ts'
import { findChannel } from './channels.ts'

/** How many recent messages are searched for an earlier attempt. */
const historyLimit = 100

/** Returns channel ids by name. Each name is looked up once; a failed look-up is repeated. */
export function openChannels(web: WebClient): (name: string) => Promise<string> {
  const known = new Map<string, Promise<string>>()
  return (name) => {
    const id = known.get(name) ?? findChannel(web, name)
    known.set(name, id)
    id.catch(() => known.delete(name))
    return id
  }
}

/** Whether an adapter may search Slack's history; where it may not, what may have arrived is sent again. */
export type AnnouncingOptions = { history?: boolean }

type PostedMessage = { ts?: string; metadata?: { event_payload?: object } }

/** Finds the message that an earlier attempt posted, by the id in its metadata; in a thread when one is given. */
export async function findPosted(
  web: WebClient,
  channel: string,
  id: string,
  thread?: string,
): Promise<Posted | undefined> {
  const where = { channel, limit: historyLimit, include_all_metadata: true }
  const { messages = [] } = thread
    ? await web.conversations.replies({ ...where, ts: thread })
    : await web.conversations.history(where)
  const found = (messages as PostedMessage[]).find(
    ({ metadata }) => (metadata?.event_payload as { message?: string } | undefined)?.message === id,
  )
  return found && { channelId: channel, ts: found.ts! }
}
