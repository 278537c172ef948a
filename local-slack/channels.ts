import type { Channel } from './contract.ts'
import type { Fields } from './fields.ts'
import { Refusal } from './refusal.ts'
import { openDm, type World } from './state.ts'

export function isMember(channel: Channel, user: string): boolean {
  return channel.members.includes(user)
}

function seenByBot(world: World, channel: Channel): boolean {
  return channel.kind === 'channel' || isMember(channel, world.app.botUserId)
}

/** A channel by id that the bot may know of. Refuses: channel_not_found (a private one it is not in, too). */
export function findChannel(world: World, id: string | undefined): Channel {
  const channel = world.channels.get(id ?? '')
  if (!channel || !seenByBot(world, channel)) throw new Refusal('channel_not_found')
  return channel
}

/** Where a message shall go: a channel id, `#name`, or a person's id, which stands for the DM with them. */
export function destination(world: World, given: string | undefined): Channel {
  if (given === undefined) throw new Refusal('channel_not_found')
  const person = world.people.get(given)
  if (person) {
    if (person.kind === 'bot' || person.deleted) throw new Refusal('channel_not_found')
    return openDm(world, person.id)
  }
  const name = given.replace(/^#/, '')
  const named = [...world.channels.values()].find((one) => one.kind !== 'dm' && one.name === name)
  return findChannel(world, named?.id ?? given)
}

/** Refuses a channel in which the bot may not write: is_archived, not_in_channel. */
export function mayPost(world: World, channel: Channel, mayPostAnywhere: boolean): void {
  if (channel.archived) throw new Refusal('is_archived')
  const isOpen = mayPostAnywhere && channel.kind === 'channel'
  if (!isOpen && !isMember(channel, world.app.botUserId)) throw new Refusal('not_in_channel')
}

/** A channel as conversations.info gives it. */
export function channelObject(world: World, channel: Channel): Fields {
  const isDm = channel.kind === 'dm'
  const common: Fields = {
    id: channel.id,
    created: 1_700_000_000,
    is_archived: channel.archived,
    is_im: isDm,
    is_org_shared: false,
    context_team_id: world.team.id,
  }
  if (isDm)
    return { ...common, user: channel.with, is_user_deleted: world.people.get(channel.with ?? '')?.deleted }
  return {
    ...common,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'channel',
    is_group: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_general: channel.name === 'general',
    is_shared: channel.shared,
    is_ext_shared: channel.shared,
    is_member: isMember(channel, world.app.botUserId),
    num_members: channel.members.length,
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  }
}
