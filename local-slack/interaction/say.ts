import type { Slack } from '../context.ts'
import type { Delivered, Person, SayRequest } from '../contract.ts'
import { messageObject, post } from '../messages.ts'
import { mentionsBot } from '../people.ts'
import { theirChannel } from './command.ts'
import { emit } from './events.ts'

const eventNames = { channel: 'message.channels', private: 'message.groups', dm: 'message.im' } as const
const channelTypes = { channel: 'channel', private: 'group', dm: 'im' } as const

/** A person writes a message; the app hears of it where it is a member and subscribes to that. */
export async function say(slack: Slack, person: Person, request: SayRequest): Promise<Delivered> {
  const { world } = slack
  const channel = theirChannel(slack, person, request.channel)
  if (channel.archived) return { ok: false, error: 'is_archived' }
  const content = { text: request.text }
  const message = post(world, slack.clock.now(), {
    channel,
    user: person.id,
    content,
    threadTs: request.threadTs,
  })
  if (!channel.members.includes(world.app.botUserId)) return { ok: true }
  const event = {
    ...messageObject(world, message),
    channel: channel.id,
    event_ts: message.ts,
    channel_type: channelTypes[channel.kind],
  }
  await emit(slack, eventNames[channel.kind], event, channel.shared)
  if (channel.kind !== 'dm' && mentionsBot(world, request.text)) {
    await emit(slack, 'app_mention', { ...event, type: 'app_mention' }, channel.shared)
  }
  return { ok: true }
}
