import type { Slack } from './context.ts'
import type { Channel } from './contract.ts'
import { emit } from './interaction/events.ts'
import { changed } from './state.ts'

const channelTypes = { channel: 'C', private: 'G', dm: 'D' } as const

function channelOf(slack: Slack, id: string): Channel {
  const channel = slack.world.channels.get(id)
  if (!channel) throw new Error(`There is no channel ${id}`)
  return channel
}

/** A person or the bot comes into a channel; the app hears of it with member_joined_channel. */
export async function join(slack: Slack, id: string, user: string): Promise<void> {
  const channel = channelOf(slack, id)
  if (!channel.members.includes(user)) channel.members.push(user)
  changed(slack.world)
  const type = 'member_joined_channel'
  await emit(slack, type, { type, user, channel: id, channel_type: channelTypes[channel.kind] })
}

/** A person or the bot goes out of a channel: member_left_channel, or channel_left for the bot itself. */
export async function leave(slack: Slack, id: string, user: string): Promise<void> {
  const channel = channelOf(slack, id)
  channel.members = channel.members.filter((one) => one !== user)
  changed(slack.world)
  const type = user === slack.world.app.botUserId ? 'channel_left' : 'member_left_channel'
  await emit(slack, type, { type, user, channel: id, channel_type: channelTypes[channel.kind] })
}

export async function archive(slack: Slack, id: string, archived: boolean): Promise<void> {
  channelOf(slack, id).archived = archived
  changed(slack.world)
  const type = archived ? 'channel_archive' : 'channel_unarchive'
  await emit(slack, type, { type, channel: id })
}

/** Somebody who is deactivated is no longer a member of any channel. */
export function leaveEverything(slack: Slack, user: string): void {
  for (const channel of slack.world.channels.values()) {
    if (channel.kind !== 'dm') channel.members = channel.members.filter((one) => one !== user)
  }
}
