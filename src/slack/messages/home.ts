import type { HomeView, KnownBlock } from '@slack/types'
import { say } from '../../foundation/words.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { isOver } from '../../keys/key.ts'
import { may } from '../../policy/may.ts'
import type { Tracker } from '../../rotation/tracker.ts'
import type { KeyRequest } from '../../workspaces/requests.ts'
import { actions, button, context, go, header, option, plainText, select } from '../blocks.ts'
import type { Caller } from '../caller.ts'
import { mrkdwnDate, sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'
import { keyRows } from './key-rows.ts'
import { requestMessage } from './request.ts'
import { revealButton } from './reveal.ts'
import { trackerBlocks } from './rotation.ts'

export type HomeLook = {
  caller: Caller
  shows: 'mine' | 'all'
  attention: readonly KeyWithUsage[]
  /** keys that wait for this person to reveal them */
  offers: readonly KeyWithUsage[]
  requests: readonly KeyRequest[]
  /** the rotations that have run longest */
  rotations: { trackers: readonly Tracker[]; more: boolean }
  keys: readonly KeyWithUsage[]
  more: boolean
  now: Date
}

/** App Home: what needs attention first, then the keys. */
export function homeView(look: HomeLook): HomeView {
  const { caller, now } = look
  return {
    type: 'home',
    blocks: [
      ...top(look),
      ...attention(look),
      ...look.offers.flatMap(offer),
      ...rotations(look),
      ...requests(look),
      ...keys(look),
      context(`Updated ${mrkdwnDate(now, '{time}')} · ${caller.actor.role} of this workspace`),
    ],
  }
}

function rotations({ rotations: { trackers, more }, caller }: HomeLook): KnownBlock[] {
  if (trackers.length === 0) return []
  const rows = trackers.flatMap((tracker) => trackerBlocks(tracker, caller.actor))
  return [
    header('Rotations'),
    ...rows,
    ...(more ? [context('More are running; the alert channel has a message for each.')] : []),
  ]
}

function requests({ requests: waiting }: HomeLook): KnownBlock[] {
  if (waiting.length === 0) return []
  return [header('Requests'), ...waiting.flatMap((request) => requestMessage(request).blocks)]
}

function top({ caller, shows }: HomeLook): KnownBlock[] {
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
  return [
    actions(
      manages ? run('Create key', 'create', 'primary') : run('Request a key', 'request', 'primary'),
      ...(manages
        ? [
            button(
              shows === 'mine' ? 'All keys' : 'My keys',
              'home.switch.shows',
              ref(workspace.id, shows === 'mine' ? 'all' : 'mine'),
            ),
          ]
        : []),
      run('Help', 'help'),
      ...(workspaces.length > 1 ? [chooser] : []),
    ),
  ]
}

function attention({ attention: keys, caller, now }: HomeLook): KnownBlock[] {
  if (keys.length === 0) return [header('Needs attention'), context('Nothing. All is well.')]
  return [header('Needs attention'), ...keys.flatMap((key) => needs(key, caller, now))]
}

function needs(key: KeyWithUsage, { actor }: Caller, now: Date): KnownBlock[] {
  const expires = key.expiresAt && key.expiresAt.getTime() - now.getTime() <= 7 * 86_400_000
  const said = isOver(key, now)
    ? say`${{ name: key.name }} expired on ${{ moment: key.expiresAt! }}.`
    : expires
      ? say`${{ name: key.name }} stops working on ${{ moment: key.expiresAt! }}.`
      : say`${{ name: key.name }} is due for rotation; it was revealed on ${{ day: key.revealedAt! }}.`
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const act =
    may(actor, 'key.rotate', subject) && !key.successorId
      ? go('Rotate', 'rotate', key)
      : go('Show', 'show', key)
  return [sentenceBlock(said), actions(act)]
}

const offer = (key: KeyWithUsage): KnownBlock[] => [
  sentenceBlock(say`${{ name: key.name }} waits for you to reveal it.`),
  actions(revealButton(key)),
]

function keys({ keys: rows, shows, more, caller, now }: HomeLook): KnownBlock[] {
  const title = shows === 'all' ? 'All keys' : 'My keys'
  if (rows.length === 0) return [header(title), context('No keys yet.')]
  const turn = { filter: shows === 'mine' ? { standing: 'mine' } : {}, from: 0 }
  const rest = button('See all of them', 'list.turn.home', ref(caller.workspace.id, JSON.stringify(turn)))
  return [header(title), ...keyRows(rows, caller.actor, now), ...(more ? [actions(rest)] : [])]
}
