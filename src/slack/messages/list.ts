import type { KnownBlock } from '@slack/types'
import { type Phrase, say } from '../../foundation/words.ts'
import {
  type Cursor,
  countLimit,
  type Edge,
  type Filter,
  type Page,
  pageSize,
  type Standing,
} from '../../keys/list.ts'
import type { Actor } from '../../members/actor.ts'
import type { Workspace } from '../../workspaces/workspace.ts'
import { actions, button, header, type Message, message } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'
import { keyRows } from './key-rows.ts'

/** What a list's buttons bring back: which filter, and where in it. */
export type Turn = { filter: Filter } & Cursor

type Viewer = { actor: Actor; workspace: Workspace }

const titles: Record<Standing, string> = {
  active: 'Active keys',
  inactive: 'Paused keys',
  expiring: 'Keys that expire within 30 days',
  overdue: 'Keys that are due for rotation',
  attention: 'Keys that need attention',
  mine: 'Your keys',
}

/** A page of keys, each with its facts and what can be done with it. */
export function listMessage(page: Page, filter: Filter, viewer: Viewer, now: Date): Message {
  const { actor, workspace } = viewer
  if (page.keys.length === 0) return emptyMessage(filter, workspace)
  const said = say`${{ name: workspace.name }} · ${range(page)}`
  const title = filter.words
    ? `Keys matching “${filter.words}”`
    : filter.standing
      ? titles[filter.standing]
      : 'Keys'
  return {
    text: message(say`${title}, ${said}`).text,
    blocks: [
      header(title),
      sentenceBlock(said),
      ...keyRows(page.keys, actor, now),
      ...pager(page, filter, workspace),
    ],
  }
}

function range({ from, keys, total }: Page): Phrase {
  const all = total > countLimit ? say`more than ${countLimit}` : say`${total}`
  return say`${from + 1}-${from + keys.length} of ${all}`
}

function emptyMessage(filter: Filter, workspace: Workspace): Message {
  if (!filter.words && !filter.standing)
    return message(
      say`${{ name: workspace.name }} has no keys yet. Make one with ${{ code: '/keys create' }}.`,
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
