import type { Slack } from './context.ts'
import type { Channel, Person } from './contract.ts'
import type { Fields } from './fields.ts'
import { emit } from './interaction/events.ts'
import { messagesIn } from './messages.ts'
import { userObject } from './people.ts'
import { changed, openDm } from './state.ts'
import { runStep, type StepOutcome, stepOutcome } from './steps.ts'

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
  archiveChannel(id: string, archived?: boolean): Promise<void>
  addToChannel(id: string, user: string): Promise<void>
  removeFromChannel(id: string, user: string): Promise<void>
  /** a person's client starts anew: ephemeral messages and open modals are gone, and nobody is told */
  reload(user: string): void
  /** a workflow reaches a custom step of the app; the execution's id, once the app has heard */
  runStep(callbackId: string, inputs: Fields): Promise<string>
  /** what the app made of a step, once it has completed or failed it */
  stepOutcome(executionId: string): Promise<StepOutcome>
  /** the app is removed: its tokens are refused from then on, and it hears of it */
  uninstall(): Promise<void>
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

const channelTypes = { channel: 'C', private: 'G', dm: 'D' } as const

async function join(slack: Slack, id: string, user: string): Promise<void> {
  const channel = channelOf(slack, id)
  if (!channel.members.includes(user)) channel.members.push(user)
  changed(slack.world)
  const type = 'member_joined_channel'
  await emit(slack, type, { type, user, channel: id, channel_type: channelTypes[channel.kind] })
}

/** Whoever is deactivated is no longer a member of any channel. */
function leaveEverything(slack: Slack, user: string): void {
  for (const channel of slack.world.channels.values()) {
    if (channel.kind !== 'dm') channel.members = channel.members.filter((one) => one !== user)
  }
}

async function leave(slack: Slack, id: string, user: string): Promise<void> {
  const channel = channelOf(slack, id)
  channel.members = channel.members.filter((one) => one !== user)
  changed(slack.world)
  const isBot = user === slack.world.app.botUserId
  const type = isBot ? 'channel_left' : 'member_left_channel'
  await emit(slack, type, { type, user, channel: id, channel_type: channelTypes[channel.kind] })
}

async function tell(slack: Slack, type: 'user_change' | 'team_join', person: Person): Promise<void> {
  const now = slack.clock.now()
  const withEmail = slack.manifest.botScopes?.includes('users:read.email') ?? true
  const user = userObject(slack.world, person, now, withEmail)
  await emit(slack, type, { type, user, cache_ts: Math.floor(now.getTime() / 1000) })
}

export function workspaceOf(slack: Slack): Workspace {
  const { world } = slack
  return {
    people: () => [...world.people.values()],
    channels: () => [...world.channels.values()],
    dmOf: (user) => openDm(world, user),
    async setPerson(id, changes) {
      const person = world.people.get(id)
      if (!person) throw new Error(`There is no person ${id}`)
      Object.assign(person, changes)
      if (changes.deleted) leaveEverything(slack, id)
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
    async archiveChannel(id, archived = true) {
      channelOf(slack, id).archived = archived
      changed(world)
      const type = archived ? 'channel_archive' : 'channel_unarchive'
      await emit(slack, type, { type, channel: id })
    },
    addToChannel: (id, user) => join(slack, id, user),
    removeFromChannel: (id, user) => leave(slack, id, user),
    reload: (user) => reload(slack, user),
    runStep: (callbackId, inputs) => runStep(slack, callbackId, inputs),
    stepOutcome: (id) => stepOutcome(slack, id),
    async uninstall() {
      slack.tokensRefused = 'account_inactive'
      await emit(slack, 'tokens_revoked', { type: 'tokens_revoked', tokens: { bot: [world.app.botUserId] } })
      await emit(slack, 'app_uninstalled', { type: 'app_uninstalled' })
    },
  }
}
