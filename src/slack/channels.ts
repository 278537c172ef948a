import type { ChatPostMessageArguments, WebClient } from '@slack/web-api'

/** The id of a channel that is named by id or by name. */
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

/** Reads like Slack's own refusal of a channel id. */
class NoChannel extends Error {
  readonly data = { error: 'channel_not_found' }
}

/** Posts, joining a public channel first where the bot is not in it. A private one needs an invitation. */
export async function post(web: WebClient, what: ChatPostMessageArguments & { channel: string }) {
  try {
    return await web.chat.postMessage(what)
  } catch (error) {
    if (errorName(error) !== 'not_in_channel') throw error
    await web.conversations.join({ channel: what.channel })
    return web.chat.postMessage(what)
  }
}

/** Slack's own name for what went wrong, such as `channel_not_found`. */
export const errorName = (error: unknown): string | undefined =>
  (error as { data?: { error?: string } }).data?.error
