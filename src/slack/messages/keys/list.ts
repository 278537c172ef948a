import type { KnownBlock, ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import {
  type Cursor,
  countLimit,
  type Edge,
  type Filter,
  type Page,
  pageSize,
  type StatusFilter,
} from '../../../keys/page.ts'
import { searchLimit } from '../../../keys/search.ts'
import type { Actor } from '../../../members/actor.ts'
import { may } from '../../../policy/may.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  cut,
  form,
  header,
  input,
  type Message,
  message,
  namesWorkspace,
  option,
  plainText,
  select,
  textInput,
} from '../../blocks.ts'
import { isolate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { keyRows } from './rows.ts'

/** The state that a list's buttons carry: the filter, and the position. */
export type Turn = { filter: Filter } & Cursor

type Viewer = { actor: Actor; workspace: Workspace }

const titles: Record<StatusFilter, string> = {
  active: 'Active keys',
  inactive: 'Paused keys',
  expiring: 'Keys that expire within 30 days',
  expired: 'Expired keys',
  overdue: 'Keys that are due for rotation',
  mine: 'Your keys',
  revoked: 'Revoked keys',
}

/** A page of keys, each with its facts and a menu. */
export function listMessage(page: Page, filter: Filter, viewer: Viewer, now: Date): Message {
  const { actor, workspace } = viewer
  if (page.keys.length === 0) return emptyMessage(filter, viewer)
  const said = say`${{ name: workspace.name }} · ${range(page, filter)}${narrowed(filter)}`
  const base = filter.status ? titles[filter.status] : 'Keys'
  const title = filter.words ? `${base} matching “${isolate(filter.words)}”` : base
  return {
    text: message(say`${title}, ${said}`).text,
    blocks: [
      header(title),
      namesWorkspace(sentenceBlock(said)),
      controls(filter, viewer),
      ...keyRows(page.keys, actor, now),
      ...pager(page, filter, workspace),
    ],
  }
}

const narrowed = ({ ownerId, integration }: Filter): Phrase =>
  say`${ownerId ? say` · owner ${{ user: ownerId }}` : ''}${integration ? say` · ${{ name: integration }}` : ''}`

function range({ from, keys, total }: Page, { words }: Filter): Phrase {
  const max = words ? searchLimit : countLimit
  const all = total > max ? say`more than ${max}` : say`${total}`
  const narrow = words && total > max ? '. Add a word to find the one you mean.' : ''
  return say`${(from + 1).toLocaleString('en-US')}-${(from + keys.length).toLocaleString('en-US')} of ${all}${narrow}`
}

/** The list's controls: filter, search, create. */
function controls({ status, words }: Filter, { actor, workspace }: Viewer): KnownBlock {
  const filters = [['all', 'All keys'] as const, ...(Object.entries(titles) as [StatusFilter, string][])]
  const options = filters.map(([name, title]) => option(title, ref(workspace.id, name)))
  const chosen = words ? undefined : ref(workspace.id, status ?? 'all')
  const create = button('Create', 'go.create.list', ref(workspace.id, 'create'), { label: 'Create a key' })
  return actions(
    { ...select(options, chosen), action_id: 'list.turn.filter', placeholder: plainText('Filter') },
    button('Search', 'list.search', ref(workspace.id, 'search')),
    ...(may(actor, 'key.issue', { workspaceId: workspace.id }) ? [create] : []),
  )
}

/** The search form; its dialog becomes the list. */
export const searchForm = (workspace: Workspace, integrations: readonly string[]): ModalView =>
  form('Find keys', 'Find', 'list.search', ref(workspace.id, 'search'), [
    input('words', 'Words', textInput({ hintText: 'salesforce', focus_on_load: true }), {
      hint: 'In the name, description, integration, hint or scopes.',
      optional: true,
    }),
    input('status', 'Status', select(Object.entries(titles).map(([value, title]) => option(title, value))), {
      optional: true,
    }),
    input('owner', 'Owner', { type: 'users_select' }, { optional: true }),
    ...(integrations.length > 0
      ? [
          input(
            'integration',
            'Integration',
            select(integrations.slice(0, 100).map((name) => option(name, cut(name, 75)))),
            { optional: true },
          ),
        ]
      : []),
  ])

function emptyMessage(filter: Filter, viewer: Viewer): Message {
  const { workspace } = viewer
  if (Object.keys(filter).length === 0)
    return message(
      say`${{ name: workspace.name }} has no keys yet.`,
      ...(may(viewer.actor, 'key.issue', { workspaceId: workspace.id })
        ? [actions(button('Create key', 'go.create.list', ref(workspace.id, 'create'), { style: 'primary' }))]
        : [
            actions(
              button('Request a key', 'go.request.list', ref(workspace.id, 'request'), { style: 'primary' }),
            ),
          ]),
    )
  const all: Turn = { filter: {}, from: 0 }
  return message(
    say`No keys match.`,
    actions(button('Clear filter', 'list.turn', ref(workspace.id, JSON.stringify(all)))),
  )
}

function pager(page: Page, filter: Filter, workspace: Workspace): KnownBlock[] {
  const turn = (text: string, id: string, cursor: Cursor) =>
    button(text, `list.turn.${id}`, ref(workspace.id, JSON.stringify({ filter, ...cursor } satisfies Turn)))
  const at = (edge: Edge | undefined) => edge as Edge
  const buttons = [
    ...(page.from > 0
      ? [turn('Previous', 'back', { before: at(page.first), from: page.from - pageSize })]
      : []),
    ...(page.more ? [turn('Next', 'on', { after: at(page.last), from: page.from + pageSize })] : []),
  ]
  return buttons.length > 0 ? [actions(...buttons)] : []
}
