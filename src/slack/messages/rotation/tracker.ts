import type { KnownBlock, ModalView } from '@slack/types'
import { Temporal } from 'temporal-polyfill'
import type { Actor } from '../../../members/actor.ts'
import { may } from '../../../policy/may.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import { actions, button, cell, context, go, type Message, message, notice } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { chart } from '../usage/chart.ts'
import { endedBy, headline, origin, phaseLine, receiptOf, stillThere, warnings } from './words.ts'

/** A rotation's progress for the channel: figures side by side, and a chart of them. */
export function trackerMessage(tracker: Tracker): Message {
  if (tracker.rotation.endedAt) return message(headline(tracker), ...ending(tracker))
  return message(
    headline(tracker),
    ...progress(tracker),
    figures(tracker),
    ...picture(tracker),
    sentenceBlock(stillThere(tracker)),
    context(origin(tracker)),
    buttons(tracker, true),
  )
}

/** The progress for Home and dialogs, which take no tables and charts. */
function trackerBlocks(tracker: Tracker, actor: Actor): KnownBlock[] {
  const manages = may(actor, 'rotation.finish', { workspaceId: tracker.rotation.workspaceId })
  const first = sentenceBlock(headline(tracker))
  if (tracker.rotation.endedAt) return [first, ...ending(tracker)]
  return [
    first,
    ...progress(tracker),
    context(lines(tracker)),
    sentenceBlock(stillThere(tracker)),
    context(origin(tracker)),
    buttons(tracker, manages),
  ]
}

export const trackerView = (tracker: Tracker, actor: Actor): ModalView =>
  notice('Rotation', trackerBlocks(tracker, actor))

const progress = (tracker: Tracker): KnownBlock[] => [
  sentenceBlock(phaseLine(tracker)),
  ...warnings(tracker).map(sentenceBlock),
  ...(tracker.rotation.cutAt ? [sentenceBlock(receiptOf(tracker))] : []),
]

const ending = (tracker: Tracker): KnownBlock[] => [
  ...(tracker.rotation.cutAt ? [sentenceBlock(receiptOf(tracker))] : []),
  sentenceBlock(endedBy(tracker)),
  context(origin(tracker)),
]

const number = (value: number) => cell(value.toLocaleString('en-US'))

function figures({ hours, day, facts }: Tracker): KnownBlock {
  const [running, before] = [hours.at(-1)!, hours.at(-2)!]
  const right = { align: 'right' as const }
  return {
    type: 'table',
    column_settings: [{}, right, right],
    rows: [
      [
        cell('Requests'),
        cell(`Old ${facts.old.hint ?? ''}`.trim()),
        cell(`New ${facts.next.hint ?? ''}`.trim()),
      ],
      [cell('This hour'), number(running.old), number(running.next)],
      [cell('The hour before'), number(before.old), number(before.next)],
      [cell('24 hours'), number(day.old), number(day.next)],
    ],
  }
}

/** No chart without requests. */
function picture({ hours, timeZone }: Tracker): KnownBlock[] {
  if (hours.every(({ old, next }) => old + next === 0)) return []
  const categories = unique(hours.map(({ at }) => clock(at, timeZone)))
  return [
    chart('line', `Requests per hour (${timeZone})`, categories, [
      { name: 'Old key', values: hours.map(({ old }) => old) },
      { name: 'New key', values: hours.map(({ next }) => next) },
    ]),
  ]
}

const clock = (at: Date, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainTime()
    .toString({ smallestUnit: 'minute' })

/** In autumn an hour occurs twice. */
const unique = (labels: readonly string[]): string[] =>
  labels.map((label, i) => (labels.indexOf(label) < i ? `${label} again` : label))

const levels = '▁▂▃▄▅▆▇█'

/** A row of bars in plain text, with figures. */
function lines({ hours, day }: Tracker): string {
  const max = Math.max(1, ...hours.flatMap(({ old, next }) => [old, next]))
  const bars = (values: readonly number[]) =>
    values.map((value) => levels[Math.ceil((value / max) * (levels.length - 1))]).join('')
  const row = (name: string, of: 'old' | 'next') => {
    const values = hours.map((hour) => hour[of])
    return `\`${name} ${bars(values)}\` ${values.at(-1)!.toLocaleString('en-US')} this hour, ${values.at(-2)!.toLocaleString('en-US')} the hour before, ${day[of].toLocaleString('en-US')} in 24 hours`
  }
  return `${row('old', 'old')}\n${row('new', 'next')}`
}

/** The actions that are possible now; each is checked again when it is clicked. */
function buttons(tracker: Tracker, manages: boolean): KnownBlock {
  const { rotation, phase, facts } = tracker
  const { name } = facts.old
  const act = (words: string, id: string, style?: 'primary') =>
    button(words, `rotation.${id}.${rotation.id}`, ref(rotation.workspaceId, rotation.id), {
      label: `${words} ${name}`,
      ...(style ? { style } : {}),
    })
  const hasWayBack = manages && facts.old.state !== 'revoked'
  const isLate = facts.now >= facts.dueAt
  return actions(
    ...(phase === 'reveal'
      ? [
          button(
            'Reveal new key',
            `rotation.reveal.${rotation.id}`,
            ref(rotation.workspaceId, facts.next.id),
            {
              style: 'primary',
              label: `Reveal the new key of ${name}`,
            },
          ),
        ]
      : []),
    ...(phase === 'safe' && manages
      ? [act('Finish', 'finish', 'primary')]
      : hasWayBack
        ? [act('Finish early', 'finish')]
        : []),
    ...(hasWayBack ? [act('Abort', 'abort')] : []),
    ...(isLate && manages ? [act('7 more days', 'extend')] : []),
    go('Show old key', 'show', { ...facts.old, workspaceId: rotation.workspaceId }),
  )
}
