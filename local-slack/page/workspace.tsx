import { createContext, useContext } from 'react'
import type { Channel, Person } from '../contract.ts'
import type { Reader } from './time.ts'

/** Everything that a part of the page may look up: who reads, when, and the names behind ids. */
export type Workspace = {
  me: Person
  reader: Reader
  people: Person[]
  channels: Channel[]
  openChannel: (id: string) => void
}

const Context = createContext<Workspace | undefined>(undefined)
export const WorkspaceProvider = Context.Provider

export function useWorkspace(): Workspace {
  const workspace = useContext(Context)
  if (!workspace) throw new Error('useWorkspace outside of its provider')
  return workspace
}

/** The app itself: Slack shows its conversations under Apps. */
export function isApp(person: Person | undefined): boolean {
  return person?.kind === 'bot'
}

function personName(people: Person[], id: string | undefined): string {
  const person = people.find((one) => one.id === id)
  return person ? person.realName || person.name : (id ?? 'Unknown')
}

/** The other side of a direct conversation. */
export function partner(channel: Channel, me: Person, people: Person[]): Person | undefined {
  const id = channel.members.find((member) => member !== me.id) ?? channel.with
  return people.find((one) => one.id === id)
}

/** A conversation as the sidebar and the header call it, without the `#`. */
export function channelTitle(channel: Channel, me: Person, people: Person[]): string {
  return channel.kind === 'dm' ? personName(people, partner(channel, me, people)?.id) : channel.name
}

// Of Slack, since an app has roles of its own: a member here may be a manager there.
const KIND_WORDS: Record<Person['kind'], string> = {
  primary_owner: 'primary owner of this Slack',
  owner: 'owner of this Slack',
  admin: 'admin of this Slack',
  member: 'member of this Slack',
  guest: 'guest of this Slack',
  stranger: 'from another organisation',
  bot: 'app',
}

export function kindInWords(person: Person): string {
  return person.deleted ? 'deactivated' : KIND_WORDS[person.kind]
}
