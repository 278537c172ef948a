import type { Slack } from './context.ts'
import type { Channel, Person } from './contract.ts'
import { emit } from './interaction/events.ts'
import { messagesIn } from './messages.ts'
import { userObject } from './people.ts'
import { changed, openDm } from './state.ts'

/** What happens to a workspace apart from what its people do in channels. */
export type Workspace = {
  people(): Person[]
  channels(): Channel[]
  /** the DM of a person and the bot */
  dmOf(user: string): Channel
  /** changes a person and tells the app with user_change; resolves when it has answered */
  setPerson(id: string, changes: Partial<Omit<Person, 'id'>>): Promise<void>
  /** a newcomer; the app hears of them with team_join */
  addPerson(person: Person): Promise<void>
  addChannel(channel: Channel): void
  archiveChannel(id: string, archived?: boolean): void
  addToChannel(id: string, user: string): void
  removeFromChannel(id: string, user: string): void
  /** a person's client starts anew: ephemeral messages and open modals are gone, and nobody is told */
  reload(user: string): void
}

function channelOf(slack: Slack, id: string): Channel {
  const channel = slack.world.channels.get(id)
  if (!channel) throw new Error(`There is no channel ${id}`)
  return channel
}

function reload(slack: Slack, user: string): void {
  const { world } = slack
  world.modals.delete(user)
  for (const id of world.channels.keys()) {
    const kept = messagesIn(world, id).filter((one) => one.onlyFor !== user)
    world.messages.set(id, kept)
  }
  changed(world)
}

async function tell(slack: Slack, type: 'user_change' | 'team_join', person: Person): Promise<void> {
  const now = slack.clock.now()
  const withEmail = slack.manifest.botScopes?.includes('users:read.email') ?? true
  const user = userObject(slack.world, person, now, withEmail)
  await emit(slack, type, { type, user, cache_ts: Math.floor(now.getTime() / 1000) })
}

export function workspaceOf(slack: Slack): Workspace {
  const { world } = slack
  const withMembers = (id: string, change: (members: string[]) => string[]) => {
    const channel = channelOf(slack, id)
    channel.members = change(channel.members)
    changed(world)
  }
  return {
    people: () => [...world.people.values()],
    channels: () => [...world.channels.values()],
    dmOf: (user) => openDm(world, user),
    async setPerson(id, changes) {
      const person = world.people.get(id)
      if (!person) throw new Error(`There is no person ${id}`)
      Object.assign(person, changes)
      changed(world)
      await tell(slack, 'user_change', person)
    },
    async addPerson(person) {
      world.people.set(person.id, person)
      openDm(world, person.id)
      changed(world)
      await tell(slack, 'team_join', person)
    },
    addChannel(channel) {
      world.channels.set(channel.id, channel)
      changed(world)
    },
    archiveChannel(id, archived = true) {
      channelOf(slack, id).archived = archived
      changed(world)
    },
    addToChannel: (id, user) => withMembers(id, (members) => [...new Set([...members, user])]),
    removeFromChannel: (id, user) => withMembers(id, (members) => members.filter((one) => one !== user)),
    reload: (user) => reload(slack, user),
  }
}
