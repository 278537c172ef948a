import type { Slack } from '../context.ts'
import type { Channel, Delivered, Person, SayRequest } from '../contract.ts'
import { messageObject, post } from '../messages.ts'
import { mentionsBot } from '../people.ts'
import { Impossible } from '../refusal.ts'
import { theirChannel } from './command.ts'
import { emit } from './events.ts'

const eventNames = { channel: 'message.channels', private: 'message.groups', dm: 'message.im' } as const
const channelTypes = { channel: 'channel', private: 'group', dm: 'im' } as const

/** Whether a person cannot write here: the manifest turns that off for conversations with the app. */
export const isReadOnly = ({ world, manifest }: Slack, { kind, members }: Channel): boolean =>
  manifest.isReadOnly && kind === 'dm' && members.includes(world.app.botUserId)

/** A person writes a message; the app hears of it where it is a member and subscribes to that. */
export async function say(slack: Slack, person: Person, request: SayRequest): Promise<Delivered> {
  const { world } = slack
  const channel = theirChannel(slack, person, request.channel)
  if (channel.archived) return { ok: false, error: 'is_archived' }
  if (isReadOnly(slack, channel)) throw new Impossible('sending messages to this app has been turned off')
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
