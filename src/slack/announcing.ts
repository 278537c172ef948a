import type { WebClient } from '@slack/web-api'
import { findChannel } from './channels.ts'

/** How many messages back an earlier try is looked for. */
export const looksBack = 100

/** Where a message stands. */
type Posted = { channelId: string; ts: string }

/** The ids of channels by name: each is looked up once; what went wrong is looked up again. */
export function openChannels(web: WebClient): (name: string) => Promise<string> {
  const known = new Map<string, Promise<string>>()
  return (name) => {
    const id = known.get(name) ?? findChannel(web, name)
    known.set(name, id)
    id.catch(() => known.delete(name))
    return id
  }
}

type Said = { ts?: string; metadata?: { event_payload?: object } }

/** The message whose metadata carries this id, if an earlier try arrived; in a thread, when one is named. */
export async function findPosted(
  web: WebClient,
  channel: string,
  id: string,
  thread?: string,
): Promise<Posted | undefined> {
  const where = { channel, limit: looksBack, include_all_metadata: true }
  const { messages = [] } = thread
    ? await web.conversations.replies({ ...where, ts: thread })
    : await web.conversations.history(where)
  const found = (messages as Said[]).find(
    ({ metadata }) => (metadata?.event_payload as { message?: string } | undefined)?.message === id,
  )
  return found && { channelId: channel, ts: found.ts! }
}
