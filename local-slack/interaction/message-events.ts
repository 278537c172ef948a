import type { Slack } from '../context.ts'
import type { Fields } from '../fields.ts'
import { fileObject } from '../files.ts'
import { messageObject, messagesIn } from '../messages.ts'
import type { StoredMessage } from '../state.ts'
import { emit } from './events.ts'
import { calendarTs } from './payloads.ts'

const eventNames = { channel: 'message.channels', private: 'message.groups', dm: 'message.im' } as const
const channelTypes = { channel: 'channel', private: 'group', dm: 'im' } as const

/** The author of a message that another app posted: the old way without a user, or as a bot user. */
export type OtherApp = { botId: string; name: string; isLegacy?: boolean }

/**
 * The app hears of a message in a channel that it is in, if it subscribes to that; of its own ones too.
 * https://docs.slack.dev/reference/events/message
 */
export async function announce(slack: Slack, message: StoredMessage, other?: OtherApp): Promise<Fields> {
  const event = { ...wholeMessage(slack, message), ...(other ? authorOf(other) : {}) }
  await send(slack, message, { ...event, event_ts: message.ts })
  return event
}

/** The app hears of an edit: the message as it is and as it was, under a time of its own. */
export async function announceEdit(slack: Slack, message: StoredMessage, before: Fields): Promise<void> {
  const now = wholeMessage(slack, message)
  const ts = calendarTs(slack)
  const event = {
    ...{ type: 'message', subtype: 'message_changed', hidden: true, ts, event_ts: ts },
    message: { ...now, edited: { user: message.user, ts } },
    previous_message: before,
  }
  await send(slack, message, event)
}

/** The message as events write it: with its files, and for a reply that the channel shows, with its parent. */
export function wholeMessage(slack: Slack, message: StoredMessage): Fields {
  const { world } = slack
  const files = message.fileIds.flatMap((id) => world.files.get(id) ?? [])
  const root = messagesIn(world, message.channel).find((one) => one.ts === message.threadTs)
  return {
    ...messageObject(world, message),
    ...(files.length > 0
      ? { subtype: 'file_share', files: files.map((file) => fileObject(slack, file)) }
      : {}),
    ...(message.broadcast && root ? { root: messageObject(world, root) } : {}),
  }
}

const authorOf = ({ botId, name, isLegacy }: OtherApp): Fields =>
  isLegacy
    ? { subtype: 'bot_message', bot_id: botId, username: name, user: undefined, team: undefined }
    : { bot_id: botId, app_id: 'A0ANOTHER1', bot_profile: { id: botId, name } }

async function send(slack: Slack, { channel: id }: StoredMessage, event: Fields): Promise<void> {
  const { world } = slack
  const channel = world.channels.get(id)!
  if (!channel.members.includes(world.app.botUserId)) return
  const where = { channel: id, channel_type: channelTypes[channel.kind] }
  await emit(slack, eventNames[channel.kind], { ...event, ...where }, channel.shared)
}
