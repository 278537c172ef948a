import type { KnownBlock } from '@slack/types'
import { say } from '../../foundation/words.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { type Filter, type Page, pageSize } from '../../keys/list.ts'
import type { Actor } from '../../members/actor.ts'
import { may } from '../../policy/may.ts'
import type { Workspace } from '../../workspaces/workspace.ts'
import { actions, button, context, header, type Message, message, option, plainSection } from '../blocks.ts'
import { isolate } from '../phrase.ts'
import { ref } from '../ref.ts'
import { keyLine } from './key.ts'

/** What a list's buttons bring back: which page of which filter. */
export type Turn = { filter: Filter; from: number }

/** A page of keys, each with its facts and what can be done with it. */
export function listMessage(
  page: Page,
  filter: Filter,
  viewer: { actor: Actor; workspace: Workspace },
  now: Date,
): Message {
  const { actor, workspace } = viewer
  if (page.total === 0) return emptyMessage(filter, workspace)
  const title = filter.words ? `Keys matching “${filter.words}”` : `${capital(filter.standing ?? 'all')} keys`
  const said = say`${title} in ${{ name: workspace.name }}: ${page.from + 1}-${page.from + page.keys.length} of ${page.total}.`
  const rows = page.keys.flatMap((key): KnownBlock[] => [
    plainSection(isolate(key.name), menu(key, actor)),
    context(keyLine(key, now)),
  ])
  return {
    ...message(said),
    blocks: [header(title), ...message(said).blocks.slice(0, 1), ...rows, ...pager(page, filter, workspace)],
  }
}

function emptyMessage(filter: Filter, workspace: Workspace): Message {
  const narrowed = filter.words || filter.standing
  if (!narrowed)
    return message(
      say`${{ name: workspace.name }} has no keys yet. Make one with ${{ code: '/keys create' }}.`,
    )
  const all = button('Clear filter', 'list.turn', ref(workspace.id, JSON.stringify({ filter: {}, from: 0 })))
  return message(say`No keys match.`, actions(all))
}

/** Only what this person may do to this key in its present state. */
function menu(key: KeyWithUsage, actor: Actor) {
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const choice = (text: string, verb: string) => option(text, ref(key.workspaceId, `${verb} ${key.id}`))
  const options = [
    ...(key.status === 'active' && may(actor, 'key.deactivate', subject)
      ? [choice('Deactivate', 'deactivate')]
      : []),
    ...(key.status === 'inactive' && may(actor, 'key.activate', subject)
      ? [choice('Activate', 'activate')]
      : []),
    ...(may(actor, 'key.revoke', subject) ? [choice('Delete…', 'revoke')] : []),
  ]
  if (options.length === 0) return {}
  return { accessory: { type: 'overflow', action_id: 'key.menu', options } } as const
}

function pager(page: Page, filter: Filter, workspace: Workspace): KnownBlock[] {
  const turn = (text: string, from: number, id: string) =>
    button(text, `list.turn.${id}`, ref(workspace.id, JSON.stringify({ filter, from } satisfies Turn)))
  const buttons = [
    ...(page.from > 0 ? [turn('Previous', page.from - pageSize, 'back')] : []),
    ...(page.from + pageSize < page.total ? [turn('Next', page.from + pageSize, 'on')] : []),
  ]
  return buttons.length > 0 ? [actions(...buttons)] : []
}

const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1)
