import type { Channel, Person } from '../../contract.ts'
import type { TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'
import { isApp, kindInWords, partner, useWorkspace, type Workspace } from '../workspace.tsx'
import { type ControlProps, naming, useControl } from './control.tsx'
import { type Option, Select } from './select.tsx'

/** Slack's select menus: over the app's own options, people, or conversations. */
export function SelectControl(props: ControlProps) {
  const { element } = props
  const { value, change, busy } = useControl(props)
  const options = optionsFor(element, useWorkspace())
  const many = element.type.startsWith('multi_')
  const placeholder = (element.placeholder as TextLike | undefined)?.text ?? 'Select an option'
  const max = Number(element.max_selected_items ?? Number.POSITIVE_INFINITY)
  return (
    <Select
      names={naming(props)}
      options={options}
      value={Array.isArray(value) ? value : value === null ? [] : [value]}
      many={many}
      max={max}
      busy={busy}
      placeholder={placeholder}
      change={(chosen) => change(many ? chosen : (chosen[0] ?? null))}
    />
  )
}

function optionsFor(element: Loose, workspace: Workspace): Option[] {
  if (element.type.includes('users')) {
    return workspace.people.filter((person) => !person.deleted && !isApp(person)).map(personOption)
  }
  if (element.type.includes('channels')) {
    return workspace.channels
      .filter(({ kind, archived }) => kind === 'channel' && !archived)
      .map(channelOption)
  }
  if (element.type.includes('conversations')) return conversations(element, workspace)
  const groups = element.option_groups as { label: TextLike; options: Loose[] }[] | undefined
  if (groups) return groups.flatMap(({ label, options }) => options.map((one) => ownOption(one, label.text)))
  return ((element.options as Loose[] | undefined) ?? []).map((one) => ownOption(one))
}

type Filter = { include?: string[]; exclude_external_shared_channels?: boolean }
const FILTER_WORDS: Record<Channel['kind'], string> = { channel: 'public', private: 'private', dm: 'im' }

function conversations(element: Loose, { channels, people, me }: Workspace): Option[] {
  const { include, exclude_external_shared_channels: own } = (element.filter as Filter | undefined) ?? {}
  return channels
    .filter((one) => !one.archived && !(own && one.shared))
    .filter((one) => !include || include.includes(FILTER_WORDS[one.kind]))
    .map((one) =>
      one.kind === 'dm' ? { ...personOption(partner(one, me, people)), value: one.id } : channelOption(one),
    )
}

function ownOption(option: Loose, group?: string): Option {
  const { text, description, value } = option as unknown as {
    text: TextLike
    description?: TextLike
    value?: string
  }
  return { value: value ?? '', label: text.text, description: description?.text, group }
}

function personOption(person: Person | undefined): Option {
  if (!person) return { value: '', label: 'Unknown' }
  return { value: person.id, label: person.realName || person.name, description: kindInWords(person) }
}

function channelOption(channel: Channel): Option {
  return { value: channel.id, label: `${channel.kind === 'private' ? '🔒 ' : '#'}${channel.name}` }
}
