import type { HomeView, KnownBlock } from '@slack/types'
import type { InboxCount } from '../../../inbox/inbox.ts'
import type { Item } from '../../../inbox/items.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { type Action, may } from '../../../policy/may.ts'
import type { KeyRotation } from '../../../rotation/key-rotations.ts'
import { actions, button, context, header, option, plainText, select } from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { keyRows } from '../keys/rows.ts'
import { openButton, rotationLine } from '../rotation/line.ts'
import { allIsWell, itemBlocks, numberOf } from './inbox.ts'

/** How many of each Home shows, so that it is one screen; it says where to find more. */
export const shownOnHome = { items: 5, rotations: 5, keys: 10 }

export type HomeProps = {
  caller: Caller
  shows: 'mine' | 'all'
  /** the beginning of this person's inbox, and how much it holds */
  items: readonly Item[]
  count: InboxCount
  /** the rotations that have run longest */
  rotations: { shown: readonly KeyRotation[]; more: boolean }
  keys: { shown: readonly KeyWithUsage[]; more: boolean }
  now: Date
}

/**
 * App Home: what is open for this person first, then rotations and keys. Each part has a fixed number of rows of two
 * blocks, so that all of it is within the hundred blocks that Slack takes.
 */
export const homeView = (props: HomeProps): HomeView => ({
  type: 'home',
  blocks: [...top(props), ...attention(props), ...rotations(props), ...keys(props), updated(props)],
})

/** Home without lists, for when Slack refuses the full one. */
export const bareHomeView = (props: HomeProps): HomeView => ({
  type: 'home',
  blocks: [
    ...top(props),
    context('Your Home could not be drawn. `/keys list` has your keys, and `/keys help` what you can do.'),
    updated(props),
  ],
})

const updated = ({ caller, now }: HomeProps): KnownBlock =>
  context(`Updated ${mrkdwnDate(now, '{time}')} · ${caller.actor.role} of this workspace`)

/** The commands of those who run a workspace, each with the right that it needs. */
const running: readonly [text: string, verb: string, needs: Action][] = [
  ['Review', 'review', 'review.read'],
  ['Audit', 'audit', 'audit.read'],
  ['Policy', 'policy', 'policy.set'],
  ['Roles', 'roles', 'role.set'],
  ['Connect', 'connect', 'connection.make'],
]

function top({ caller, shows }: HomeProps): KnownBlock[] {
  const { actor, workspace, workspaces } = caller
  const subject = { workspaceId: workspace.id }
  const manages = may(actor, 'key.issue', subject)
  const run = (text: string, verb: string, style?: 'primary') =>
    button(text, `go.${verb}.home`, ref(workspace.id, verb), style ? { style } : {})
  const chooser = {
    ...select(
      workspaces.slice(0, 100).map((one) => option(one.name, ref(one.id, 'workspace'))),
      ref(workspace.id, 'workspace'),
    ),
    action_id: 'home.switch.workspace',
    placeholder: plainText('Workspace'),
  }
  const other = shows === 'mine' ? 'all' : 'mine'
  const switcher = button(
    shows === 'mine' ? 'All keys' : 'My keys',
    'home.switch.shows',
    ref(workspace.id, other),
  )
  const more = running.filter(([, , needs]) => may(actor, needs, subject))
  return [
    actions(
      manages ? run('Create key', 'create', 'primary') : run('Request a key', 'request', 'primary'),
      ...(manages ? [switcher] : []),
      run('Help', 'help'),
      ...(workspaces.length > 1 ? [chooser] : []),
    ),
    ...(more.length > 0 ? [actions(...more.map(([text, verb]) => run(text, verb)))] : []),
  ]
}

function attention({ items, count, caller }: HomeProps): KnownBlock[] {
  const title = header('Needs attention')
  if (items.length === 0) return [title, context(allIsWell(count))]
  const all = button(
    count.open > items.length ? `Show all ${numberOf(count.open)}` : 'Open inbox',
    'inbox.turn.home',
    ref(caller.workspace.id, 'all'),
  )
  return [title, ...items.flatMap((item) => itemBlocks(item, caller)), actions(all)]
}

function rotations({ rotations: { shown, more }, caller }: HomeProps): KnownBlock[] {
  if (shown.length === 0) return []
  const rest = 'More are running; the alert channel has a message for each.'
  return [
    header('Rotations'),
    ...shown.flatMap((one) => [
      sentenceBlock([{ name: one.old.name }, ': ', ...rotationLine(one)]),
      actions(openButton(one)),
    ]),
    ...(more
      ? [
          context(
            may(caller.actor, 'rotation.finish', { workspaceId: caller.workspace.id })
              ? rest
              : 'More of yours are running: `/keys inbox rotations`',
          ),
        ]
      : []),
  ]
}

function keys({ keys: { shown, more }, shows, caller, now }: HomeProps): KnownBlock[] {
  const title = header(shows === 'all' ? 'All keys' : 'My keys')
  if (shown.length === 0) return [title, context('No keys yet.')]
  const turn = { filter: shows === 'mine' ? { status: 'mine' } : {}, from: 0 }
  const rest = button('See all of them', 'list.turn.home', ref(caller.workspace.id, JSON.stringify(turn)))
  return [title, ...keyRows(shown, caller.actor, now), ...(more ? [actions(rest)] : [])]
}
