import type { ChatPostMessageArguments, WebClient } from '@slack/web-api'
import { errorName } from '../foundation/slack.ts'

/** Finds a channel's id by id or name. */
export async function findChannel(web: WebClient, idOrName: string): Promise<string> {
  if (/^[CG][A-Z0-9]{8,}$/.test(idOrName)) return idOrName
  const types = 'public_channel,private_channel'
  for await (const page of web.paginate('conversations.list', {
    types,
    exclude_archived: true,
    limit: 1000,
  })) {
    const { channels = [] } = page as { channels?: { id: string; name: string }[] }
    const found = channels.find((channel) => channel.name === idOrName)
    if (found) return found.id
  }
  throw new NoChannel(`there is no channel called #${idOrName} that the bot can see`)
}

/** Has the shape of Slack's own error for an unknown channel id. */
class NoChannel extends Error {
  readonly data = { error: 'channel_not_found' }
}

/** Posts, and joins a public channel first when needed. A private one needs an invitation. */
export async function post(web: WebClient, what: ChatPostMessageArguments & { channel: string }) {
  try {
    return await web.chat.postMessage(what)
  } catch (error) {
    if (errorName(error) !== 'not_in_channel') throw error
    await web.conversations.join({ channel: what.channel })
    return web.chat.postMessage(what)
  }
}
