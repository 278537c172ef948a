import type { HomeView, KnownBlock } from '@slack/types'
import { weekMs } from '../../../foundation/time.ts'
import { type Piece, say } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { isOver, worksUntil } from '../../../keys/key.ts'
import type { FailedMessage } from '../../../notifications/failed.ts'
import { may } from '../../../policy/may.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import type { KeyRequest } from '../../../workspaces/requests.ts'
import { actions, button, context, cut, go, header, option, plainText, select } from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { requestMessage } from '../keys/request.ts'
import { revealButton } from '../keys/reveal.ts'
import { keyRows } from '../keys/rows.ts'
import { trackerBlocks } from '../rotation/tracker.ts'

/** How many of each Home shows; it says where to find more. */
export const shownOnHome = { attention: 5, offers: 5, rotations: 4, requests: 5, keys: 15, failed: 3 }

export type HomeProps = {
  caller: Caller
  shows: 'mine' | 'all'
  attention: readonly KeyWithUsage[]
  /** messages that Slack refused for good; for owners */
  failed: readonly FailedMessage[]
  /** keys that this person can reveal */
  offers: readonly KeyWithUsage[]
  requests: readonly KeyRequest[]
  /** the rotations that have run longest */
  rotations: { trackers: readonly Tracker[]; more: boolean }
  keys: readonly KeyWithUsage[]
  more: boolean
  now: Date
}

/** Slack allows this many blocks on Home, and refuses it all when there are more. */
const maxBlocks = 100

/** App Home: keys that need attention first, then all keys. */
export function homeView(props: HomeProps): HomeView {
  const sections = [
    failed(props),
    attention(props),
    offers(props),
    rotations(props),
    requests(props),
    keys(props),
  ]
  const [first, last] = [top(props), updated(props)]
  return { type: 'home', blocks: [first, ...fitted(sections, maxBlocks - 2), last] }
}

/** Home without lists, for when Slack refuses the full one. */
export const bareHomeView = (props: HomeProps): HomeView => ({
  type: 'home',
  blocks: [
    top(props),
    context('Your Home could not be drawn. `/keys list` has your keys, and `/keys help` what you can do.'),
    updated(props),
  ],
})

const updated = ({ caller, now }: HomeProps): KnownBlock =>
  context(`Updated ${mrkdwnDate(now, '{time}')} · ${caller.actor.role} of this workspace`)

/** A section of Home: rows of blocks that are shown whole or not at all, and a line for the rows left out. */
type Section = {
  title: KnownBlock[]
  rows: KnownBlock[][]
  max: number
  isCut: boolean
  more: KnownBlock
}

/**
 * Fits as many rows of each section, earlier sections first, as there is room for; titles and "more" lines always
 * fit.
 */
function fitted(sections: readonly Section[], room: number): KnownBlock[] {
  const frames = sections.map(({ title, rows }) => title.length + (rows.length > 0 ? 1 : 0))
  let left = room - frames.reduce((sum, frame) => sum + frame, 0)
  return sections.flatMap(({ title, rows, max, isCut, more }) => {
    const shown: KnownBlock[][] = []
    for (const row of rows.slice(0, max)) {
      if (row.length > left) break
      left -= row.length
      shown.push(row)
    }
    return [...title, ...shown.flat(), ...(isCut || shown.length < rows.length ? [more] : [])]
  })
}

function rotations({ rotations: { trackers, more }, caller }: HomeProps): Section {
  return {
    title: trackers.length > 0 ? [header('Rotations')] : [],
    rows: trackers.map((tracker) => trackerBlocks(tracker, caller.actor)),
    max: shownOnHome.rotations,
    isCut: more && trackers.length > 0,
    more: context('More are running; the alert channel has a message for each.'),
  }
}

function requests({ requests: waiting }: HomeProps): Section {
  return {
    title: waiting.length > 0 ? [header('Requests')] : [],
    rows: waiting.map((request) => requestMessage(request).blocks),
    max: shownOnHome.requests,
    isCut: false,
    more: context('More are waiting; the alert channel has a message for each.'),
  }
}

function top({ caller, shows }: HomeProps): KnownBlock {
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
  return actions(
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
  )
}

function failed({ failed: messages, caller }: HomeProps): Section {
  const again = button('Send again', 'message.send-again.home', ref(caller.workspace.id, 'all'))
  return {
    title: messages.length > 0 ? [header('Messages that nobody read'), actions(again)] : [],
    rows: messages.map(({ putAt, source, destination, error }) => [
      sentenceBlock(
        say`Slack refused a message of ${{ moment: putAt }} (${nameOf(source)}) to ${placeOf(destination)}: ${{ code: cut(error, 100) }}.`,
      ),
    ]),
    max: shownOnHome.failed,
    isCut: false,
    more: context('More failed; in the shell: `keywarden messages failed`'),
  }
}

const nameOf = (source: string): string => source.replaceAll('-', ' ')

function placeOf(destination: string): Piece {
  const [kind, name = ''] = destination.split(/:(.*)/s)
  if (kind === 'dm') return { user: name }
  return kind === 'channel' ? { name: `#${name}` } : 'a workflow'
}

function attention({ attention: keys, caller, now }: HomeProps): Section {
  const title = header('Needs attention')
  return {
    title: keys.length > 0 ? [title] : [title, context('Nothing. All is well.')],
    rows: keys.map((key) => needs(key, caller, now)),
    max: shownOnHome.attention,
    isCut: false,
    more: context('More need attention: `/keys list attention`'),
  }
}

function needs(key: KeyWithUsage, { actor }: Caller, now: Date): KnownBlock[] {
  const ends = worksUntil(key)
  const since = key.revealedAt ? say`; it was revealed on ${{ day: key.revealedAt }}` : ''
  const said =
    ends && isOver(key, now)
      ? say`${{ name: key.name }} expired on ${{ moment: ends }}.`
      : ends && ends.getTime() - now.getTime() <= weekMs
        ? say`${{ name: key.name }} stops working on ${{ moment: ends }}.`
        : say`${{ name: key.name }} is due for rotation${since}.`
  const subject = { workspaceId: key.workspaceId, ownerId: key.ownerId }
  const act =
    may(actor, 'key.rotate', subject) && !key.successorId
      ? go('Rotate', 'rotate', key)
      : go('Show', 'show', key)
  return [sentenceBlock(said), actions(act)]
}

function offers({ offers: keys }: HomeProps): Section {
  return {
    title: [],
    rows: keys.map((key) => [
      sentenceBlock(say`${{ name: key.name }} waits for you to reveal it.`),
      actions(revealButton(key)),
    ]),
    max: shownOnHome.offers,
    isCut: false,
    more: context('More keys wait for you to reveal them: `/keys list mine`'),
  }
}

function keys({ keys: rows, shows, more, caller, now }: HomeProps): Section {
  const title = header(shows === 'all' ? 'All keys' : 'My keys')
  const turn = { filter: shows === 'mine' ? { status: 'mine' } : {}, from: 0 }
  const rest = button('See all of them', 'list.turn.home', ref(caller.workspace.id, JSON.stringify(turn)))
  return {
    title: rows.length > 0 ? [title] : [title, context('No keys yet.')],
    rows: rows.map((key) => keyRows([key], caller.actor, now)),
    max: shownOnHome.keys,
    isCut: more && rows.length > 0,
    more: actions(rest),
  }
}
