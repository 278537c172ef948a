import { channelObject, destination, findChannel, isMember } from '../channels.ts'
import type { Channel } from '../contract.ts'
import { type Fields, flagAt, stringAt } from '../fields.ts'
import { findPerson } from '../people.ts'
import { Refusal } from '../refusal.ts'
import { changed, openDm } from '../state.ts'
import { type Caller, type Method, needScope, paged, required } from './method.ts'

const families = { channel: 'channels', private: 'groups', dm: 'im' } as const
const typeNames = { channel: 'public_channel', private: 'private_channel', dm: 'im' } as const
const everyRead = ['channels:read', 'groups:read', 'im:read', 'mpim:read']

/** The scope for a channel depends on its kind: channels, groups or im. */
export function needScopeFor(caller: Caller, channel: Channel, right: 'read' | 'history'): void {
  needScope(caller, `${families[channel.kind]}:${right}`)
}

function wantedTypes(args: Fields, caller: Caller): string[] {
  const types = (stringAt(args, 'types') ?? 'public_channel').split(',').map((one) => one.trim())
  const scopes: Record<string, string> = {
    public_channel: 'channels:read',
    private_channel: 'groups:read',
    im: 'im:read',
    mpim: 'mpim:read',
  }
  for (const type of types) {
    const scope = scopes[type]
    if (scope === undefined) throw new Refusal('invalid_types')
    needScope(caller, scope)
  }
  return types
}

export const conversations: Record<string, Method> = {
  'conversations.list': {
    scopes: everyRead,
    run({ world }, args, caller) {
      const types = wantedTypes(args, caller)
      const all = [...world.channels.values()].filter(
        (one) =>
          types.includes(typeNames[one.kind]) &&
          !(flagAt(args, 'exclude_archived') && one.archived) &&
          (one.kind === 'channel' || isMember(one, world.app.botUserId)),
      )
      const { page, metadata } = paged(all, args)
      return { channels: page.map((one) => channelObject(world, one)), ...metadata }
    },
  },
  'conversations.info': {
    scopes: everyRead,
    run({ world }, args, caller) {
      const channel = findChannel(world, required(args, 'channel'))
      needScopeFor(caller, channel, 'read')
      return { channel: channelObject(world, channel) }
    },
  },
  'conversations.members': {
    scopes: everyRead,
    run({ world }, args, caller) {
      const channel = findChannel(world, required(args, 'channel'))
      needScopeFor(caller, channel, 'read')
      const { page, metadata } = paged(channel.members, args)
      return { members: page, ...metadata }
    },
  },
  'conversations.join': {
    scopes: ['channels:join'],
    run({ world }, args) {
      const channel = findChannel(world, required(args, 'channel'))
      if (channel.kind !== 'channel') throw new Refusal('method_not_supported_for_channel_type')
      if (channel.archived) throw new Refusal('is_archived')
      if (!isMember(channel, world.app.botUserId)) {
        channel.members.push(world.app.botUserId)
        changed(world)
      }
      return { channel: channelObject(world, channel) }
    },
  },
  'conversations.open': {
    scopes: ['im:write', 'mpim:write'],
    run({ world }, args) {
      const known = stringAt(args, 'channel')
      if (known !== undefined) return { channel: { id: destination(world, known).id } }
      const users = (stringAt(args, 'users') ?? '').split(',').filter((id) => id !== '')
      if (users.length === 0) throw new Refusal('users_list_not_supplied')
      if (users.length > 1) throw new Refusal('method_not_supported_for_channel_type')
      const person = findPerson(world, users[0])
      if (person.kind === 'bot') throw new Refusal('cannot_dm_bot')
      if (person.deleted) throw new Refusal('user_disabled')
      return { channel: { id: openDm(world, person.id).id } }
    },
  },
}
