import type { Channel, InputValues, Message, Person } from './contract.ts'
import type { Fields } from './fields.ts'
import { newId } from './ids.ts'
import type { Seed, Usergroup } from './seed.ts'

export type StoredMessage = Omit<Message, 'blocks'> & {
  blocks: Fields[]
  attachments: Fields[]
  fileIds: string[]
  /** an ephemeral message's only reader */
  onlyFor?: string
  isTombstone?: boolean
  /** the custom step's run that posted it; its buttons speak for that run */
  executionId?: string
}

export type StoredView = {
  id: string
  type: 'modal' | 'home'
  user: string
  /** the view as the app sent it, ids filled in */
  fields: Fields
  values: InputValues
  errors: Record<string, string>
  hash: string
  rootId: string
  previousId: string | null
}

export type StoredFile = {
  id: string
  name: string
  title: string
  altText?: string
  /** as announced before the upload */
  length: number
  bytes?: Uint8Array
  /** by the monotonic clock */
  completedAtMs?: number
  /** the conversations whose members may see it; none: it is private to the app */
  sharedIn: Set<string>
  /** who uploaded it, where it was not the app */
  user?: string
}

export type World = {
  team: Seed['team']
  app: { id: string; botId: string; botUserId: string }
  people: Map<string, Person>
  /** when each was changed last */
  changedAt: Map<string, Date>
  channels: Map<string, Channel>
  usergroups: Usergroup[]
  messages: Map<string, StoredMessage[]>
  /** open modals by person, top last */
  modals: Map<string, StoredView[]>
  homes: Map<string, StoredView>
  files: Map<string, StoredFile>
  /** what people chose in messages: `user:channel:ts` */
  chosen: Map<string, InputValues>
  lastTsMicroseconds: number
  version: number
  /** called when there is a newer version */
  waiting: Set<() => void>
}

/** A workspace as the seed describes it, each member of the team with a DM to the bot. */
export function createWorld(seed: Seed): World {
  const bot = seed.people.find((one) => one.kind === 'bot')
  if (!bot) throw new Error('The seed needs a person of kind "bot"')
  const world: World = {
    team: seed.team,
    app: { id: 'A0LOCALAPP', botId: newId('B'), botUserId: bot.id },
    people: new Map(seed.people.map((one) => [one.id, one])),
    changedAt: new Map(),
    channels: new Map(seed.channels.map((one) => [one.id, one])),
    usergroups: seed.usergroups ?? [],
    messages: new Map(),
    modals: new Map(),
    homes: new Map(),
    files: new Map(),
    chosen: new Map(),
    lastTsMicroseconds: 0,
    version: 1,
    waiting: new Set(),
  }
  for (const one of seed.people) if (one.kind !== 'stranger' && one.kind !== 'bot') openDm(world, one.id)
  return world
}

/** The DM between a person and the bot, made when there is none yet. */
export function openDm(world: World, user: string): Channel {
  const known = [...world.channels.values()].find((one) => one.kind === 'dm' && one.with === user)
  if (known) return known
  const members = [user, world.app.botUserId]
  const dm: Channel = {
    id: newId('D'),
    name: '',
    kind: 'dm',
    archived: false,
    shared: false,
    members,
    with: user,
  }
  world.channels.set(dm.id, dm)
  return dm
}

/** Every change a person could see ends here: it wakes the long polls. */
export function changed(world: World): void {
  world.version += 1
  const waiting = [...world.waiting]
  world.waiting.clear()
  for (const wake of waiting) wake()
}

/** Resolves when the version is above `after`, or after `milliseconds`. */
export function changedSince(world: World, after: number, milliseconds: number): Promise<void> {
  if (world.version > after) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer)
      world.waiting.delete(wake)
      resolve()
    }
    const timer = setTimeout(wake, milliseconds)
    world.waiting.add(wake)
  })
}

/** A message timestamp: calendar seconds and microseconds, never the same or smaller than the one before. */
export function nextTs(world: World, now: Date): string {
  world.lastTsMicroseconds = Math.max(now.getTime() * 1000, world.lastTsMicroseconds + 1)
  return tsOf(world.lastTsMicroseconds)
}

export function tsOf(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1_000_000)
  return `${seconds}.${String(microseconds % 1_000_000).padStart(6, '0')}`
}
