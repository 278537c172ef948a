import type { Slack } from './context.ts'
import type { Channel, Person } from './contract.ts'
import type { Fields } from './fields.ts'
import { emit } from './interaction/events.ts'
import { archive, join, leave, leaveEverything } from './memberships.ts'
import { messagesIn } from './messages.ts'
import { userObject } from './people.ts'
import { changed, openDm } from './state.ts'
import { runStep, type StepOutcome, stepOutcome } from './steps.ts'

/** Changes of a workspace, apart from what its people do in channels. */
export type Workspace = {
  people(): Person[]
  channels(): Channel[]
  /** the DM of a person and the bot */
  dmOf(user: string): Channel
  /** changes a person, which the app hears of by user_change; resolves when it has answered */
  setPerson(id: string, changes: Partial<Omit<Person, 'id'>>): Promise<void>
  /** a newcomer; the app hears of them with team_join */
  addPerson(person: Person): Promise<void>
  /** changes who is in a user group, which the app hears of by subteam_members_changed; resolves when it has answered */
  setUsergroup(id: string, users: readonly string[]): Promise<void>
  addChannel(channel: Channel): void
  archiveChannel(id: string, archived?: boolean): Promise<void>
  addToChannel(id: string, user: string): Promise<void>
  removeFromChannel(id: string, user: string): Promise<void>
  /** a person's client starts anew: ephemeral messages and open modals are gone, without an event */
  reload(user: string): void
  /** a workflow reaches a custom step of the app; the execution's id, once the app has heard */
  runStep(callbackId: string, inputs: Fields): Promise<string>
  /** what the app made of a step, once it has completed or failed it */
  stepOutcome(executionId: string): Promise<StepOutcome>
  /** the app is removed: its tokens are refused from then on, and it hears of it */
  uninstall(): Promise<void>
}

async function emitPerson(slack: Slack, type: 'user_change' | 'team_join', person: Person): Promise<void> {
  const now = slack.clock.now()
  const withEmail = slack.manifest.botScopes?.includes('users:read.email') ?? true
  const user = userObject(slack.world, person, now, withEmail)
  await emit(slack, type, { type, user, cache_ts: Math.floor(now.getTime() / 1000) })
}

async function setPerson(slack: Slack, id: string, changes: Partial<Omit<Person, 'id'>>): Promise<void> {
  const person = slack.world.people.get(id)
  if (!person) throw new Error(`There is no person ${id}`)
  Object.assign(person, changes)
  slack.world.changedAt.set(id, slack.clock.now())
  if (changes.deleted) leaveEverything(slack, id)
  changed(slack.world)
  await emitPerson(slack, 'user_change', person)
}

async function addPerson(slack: Slack, person: Person): Promise<void> {
  slack.world.people.set(person.id, person)
  slack.world.changedAt.set(person.id, slack.clock.now())
  if (person.kind !== 'stranger') openDm(slack.world, person.id)
  changed(slack.world)
  await emitPerson(slack, 'team_join', person)
}

async function setUsergroup(slack: Slack, id: string, users: readonly string[]): Promise<void> {
  const group = slack.world.usergroups.find((one) => one.id === id)
  if (!group) throw new Error(`There is no user group ${id}`)
  const added = users.filter((one) => !group.users.includes(one))
  const removed = group.users.filter((one) => !users.includes(one))
  group.users = [...users]
  await emit(slack, 'subteam_members_changed', {
    type: 'subteam_members_changed',
    subteam_id: id,
    team_id: slack.world.team.id,
    added_users: added,
    added_users_count: added.length,
    removed_users: removed,
    removed_users_count: removed.length,
  })
}

function addChannel(slack: Slack, channel: Channel): void {
  slack.world.channels.set(channel.id, channel)
  changed(slack.world)
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

async function uninstall(slack: Slack): Promise<void> {
  slack.tokensRefused = 'account_inactive'
  const tokens = { bot: [slack.world.app.botUserId] }
  await emit(slack, 'tokens_revoked', { type: 'tokens_revoked', tokens })
  await emit(slack, 'app_uninstalled', { type: 'app_uninstalled' })
}

/** The workspace's own doings, as tests and the demo bring them about. */
export function workspaceOf(slack: Slack): Workspace {
  const { world } = slack
  return {
    people: () => [...world.people.values()],
    channels: () => [...world.channels.values()],
    dmOf: (user) => openDm(world, user),
    setPerson: (id, changes) => setPerson(slack, id, changes),
    addPerson: (person) => addPerson(slack, person),
    setUsergroup: (id, users) => setUsergroup(slack, id, users),
    addChannel: (channel) => addChannel(slack, channel),
    archiveChannel: (id, archived = true) => archive(slack, id, archived),
    addToChannel: (id, user) => join(slack, id, user),
    removeFromChannel: (id, user) => leave(slack, id, user),
    reload: (user) => reload(slack, user),
    runStep: (callbackId, inputs) => runStep(slack, callbackId, inputs),
    stepOutcome: (id) => stepOutcome(slack, id),
    uninstall: () => uninstall(slack),
  }
}
