import type { KnownBlock } from '@slack/types'
import type { Alert } from '../../../alerts/alert.ts'
import { type Phrase, type Piece, say } from '../../../foundation/words.ts'
import { filters, type InboxFilter } from '../../../inbox/branches.ts'
import { type InboxCount, type InboxCursor, type InboxPage, inboxCountLimit } from '../../../inbox/inbox.ts'
import { failedShown, type Item } from '../../../inbox/items.ts'
import { lapsesAt } from '../../../keys/offers.ts'
import type { FailedMessage } from '../../../notifications/failed.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import {
  actions,
  button,
  cut,
  header,
  type Message,
  message,
  namesWorkspace,
  option,
  plainText,
  select,
} from '../../blocks.ts'
import type { Caller } from '../../caller.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { alertButtons } from '../alerts/alert.ts'
import { headline, severityWords, statusLines } from '../alerts/words.ts'
import { count } from '../keys/key.ts'
import { decisionButtons, ownRequestPhrase, requestPhrase, withdrawButton } from '../keys/request.ts'
import { revealButton } from '../keys/reveal.ts'
import { openButton, rotationLine } from '../rotation/line.ts'

/** The filters as a person chooses them. */
const titles: Record<InboxFilter, string> = {
  alerts: 'Alerts',
  assigned: 'Alerts that I look after',
  snoozed: 'Snoozed alerts',
  requests: 'Requests',
  rotations: 'Rotations',
  offers: 'Keys to reveal',
  reviews: 'Review questions',
}

/** The value of an inbox's buttons: which page of which filter. */
export type InboxTurn = { filter?: InboxFilter | undefined } & InboxCursor

type InboxProps = {
  caller: Caller
  turn: InboxTurn
  page: InboxPage
  items: readonly Item[]
  count: InboxCount
}

/** A page of a person's inbox: each entry with what can be done about it. */
export function inboxMessage({ caller, turn, page, items, count: counts }: InboxProps): Message {
  const { workspace } = caller
  const title = turn.filter ? titles[turn.filter] : 'Inbox'
  const said =
    items.length === 0
      ? turn.filter
        ? say`${{ name: workspace.name }} · Nothing here.`
        : say`${{ name: workspace.name }} · ${allIsWell(counts)}`
      : say`${{ name: workspace.name }}${turn.filter ? '' : say` · ${openWords(counts)}`}`
  return {
    text: message(say`${title}, ${said}`).text,
    blocks: [
      header(title),
      namesWorkspace(sentenceBlock(said)),
      controls(caller, turn),
      ...items.flatMap((item) => itemBlocks(item, caller)),
      ...pager(caller, turn, page),
    ],
  }
}

/** How many entries are open, in words. */
const openWords = ({ open }: InboxCount): string => `${numberOf(open)} open`

export const numberOf = (n: number): string => (n > inboxCountLimit ? `${inboxCountLimit}+` : String(n))

/** Said where nothing is open; what is snoozed comes back. */
export const allIsWell = ({ snoozed }: InboxCount): string =>
  snoozed === 0
    ? 'Nothing. All is well.'
    : `Nothing now. ${snoozed === 1 ? '1 alert is' : `${numberOf(snoozed)} alerts are`} snoozed.`

/** An entry in at most two blocks: what it is about, and the ways to act on it. */
export function itemBlocks(item: Item, caller: Caller): KnownBlock[] {
  const { phrase, buttons } = shown(item, caller)
  return [sentenceBlock(phrase), ...(buttons ? [buttons] : [])]
}

type Shown = { phrase: Phrase; buttons: KnownBlock | undefined }

function shown(item: Item, { workspace, actor }: Caller): Shown {
  switch (item.about) {
    case 'alert':
      return { phrase: alertPhrase(item.alert), buttons: alertButtons(item.alert) }
    case 'request':
      return { phrase: requestPhrase(item.request), buttons: actions(...decisionButtons(item.request)) }
    case 'own-request':
      return { phrase: ownRequestPhrase(item.request), buttons: actions(withdrawButton(item.request)) }
    case 'rotation':
      return {
        phrase: say`${{ name: item.rotation.old.name }}: ${rotationLine(item.rotation)}`,
        buttons: actions(openButton(item.rotation)),
      }
    case 'offer': {
      const until = lapsesAt(item.key)
      return {
        phrase: say`${{ name: item.key.name }} waits for you to reveal it${until ? say`, until ${{ day: until }}` : ''}.`,
        buttons: actions(revealButton(item.key)),
      }
    }
    case 'review': {
      const { counts, review } = item.asked
      const open = count(counts.open, 'key waits', 'keys wait')
      return {
        phrase: say`Review: ${open} for your answer until ${{ day: review.answerBy }}. ${counts.open === 1 ? 'Is it' : 'Are they'} still needed?`,
        buttons: actions(
          button('Answer', 'review.page.inbox', ref(workspace.id, 'new mine 0'), { style: 'primary' }),
        ),
      }
    }
    case 'failed':
      return {
        phrase: failedPhrase(item.messages),
        buttons: actions(button('Send again', 'message.send-again.inbox', ref(workspace.id, 'all'))),
      }
    case 'suspended':
      return {
        phrase: say`${severityWords.critical} · ${{ name: item.workspace }} is suspended since ${{ moment: item.since }}, and every key of it with it.${actor.role === 'owner' ? '' : ' An owner can resume it.'}`,
        buttons: item.resumable && actor.role === 'owner' ? resumeButton(workspace) : undefined,
      }
  }
}

const resumeButton = (workspace: Workspace): KnownBlock =>
  actions(
    button('Resume workspace', 'go.resume.inbox', ref(workspace.id, 'resume'), {
      label: `Resume ${workspace.name}`,
      style: 'primary',
    }),
  )

/** The alert with who looks after it. */
function alertPhrase(alert: Alert): Phrase {
  const status = statusLines(alert).flatMap((line): Phrase => ['\n', ...line])
  return say`${headline(alert)}${status}`
}

function failedPhrase(messages: readonly FailedMessage[]): Phrase {
  const [last] = messages
  if (!last) return say`No message failed any more.`
  const all =
    messages.length < failedShown ? count(messages.length, 'message') : `${failedShown} messages or more`
  return say`Slack refused ${all}, and nobody read ${messages.length === 1 ? 'it' : 'them'}. The last, of ${{ moment: last.putAt }} to ${placeOf(last.destination)}: ${{ code: cut(last.error, 100) }}`
}

function placeOf(destination: string): Piece {
  const [kind, name = ''] = destination.split(/:(.*)/s)
  if (kind === 'dm') return { user: name }
  return kind === 'channel' ? { name: `#${name}` } : 'a workflow'
}

function controls({ workspace }: Caller, { filter }: InboxTurn): KnownBlock {
  const options = [
    option('Everything open', ref(workspace.id, 'all')),
    ...filters.map((one) => option(titles[one], ref(workspace.id, one))),
  ]
  return actions(
    {
      ...select(options, ref(workspace.id, filter ?? 'all')),
      action_id: 'inbox.turn.filter',
      placeholder: plainText('Filter'),
    },
    button('Refresh', 'inbox.turn.refresh', ref(workspace.id, filter ?? 'all'), {
      label: 'Refresh the inbox',
    }),
  )
}

function pager(
  { workspace }: Caller,
  { filter }: InboxTurn,
  { entries, isFirst, more }: InboxPage,
): KnownBlock[] {
  const turn = (text: string, id: string, cursor: InboxCursor) =>
    button(
      text,
      `inbox.turn.${id}`,
      ref(workspace.id, JSON.stringify({ ...(filter ? { filter } : {}), ...cursor } satisfies InboxTurn)),
    )
  const [first, last] = [entries[0], entries.at(-1)]
  const buttons = [
    ...(first && !isFirst ? [turn('Previous', 'back', { before: first.edge })] : []),
    ...(last && more ? [turn('Next', 'on', { after: last.edge })] : []),
  ]
  return buttons.length > 0 ? [actions(...buttons)] : []
}
