import type { KnownBlock, TableBlock } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import type { RecentRequest } from '../../../usage/recent.ts'
import { actions, button, cell, cut, type KeyRef, type Message, message } from '../../blocks.ts'
import { unixSeconds } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { outcomeWords } from './words.ts'

/** How many of a key's last requests its panel shows. */
const inPanel = 8
const recentPageSize = 20

/** A message shows some twelve thousand characters in all. */
const maxCell = 80

/** The newest requests, and the way to those before them. */
export function newestRequests(key: KeyRef, recent: readonly RecentRequest[]): KnownBlock[] {
  if (recent.length === 0) return []
  const all = button(`All ${recent.length} recent requests`, 'usage.recent', ref(key.workspaceId, key.id), {
    label: `All ${recent.length} recent requests with ${key.name}`,
  })
  return [recentTable(recent.slice(0, inPanel)), ...(recent.length > inPanel ? [actions(all)] : [])]
}

/** Which page, and of which requests: those since then are on no page, so that pages do not shift while they are read. */
export type RecentTurn = { page: number; untilMs: number }

/** A page of a key's last requests, the latest first. */
export function recentMessage(
  key: KeyWithUsage,
  recent: readonly RecentRequest[],
  { page, untilMs }: RecentTurn,
): Message {
  const from = page * recentPageSize
  const shown = recent.slice(from, from + recentPageSize)
  if (shown.length === 0) return message(say`${{ name: key.name }} has no recent requests that old any more.`)
  const turn = (text: string, to: number) =>
    button(text, `usage.recent.${to}`, ref(key.workspaceId, `${key.id} ${to} ${untilMs}`), {
      label: `${text} requests with ${key.name}`,
    })
  const pager = [
    ...(from > 0 ? [turn('Newer', page - 1)] : []),
    ...(from + shown.length < recent.length ? [turn('Older', page + 1)] : []),
  ]
  return message(
    say`${{ name: key.name }} · requests ${`${from + 1}-${from + shown.length}`} of the last ${recent.length}, the latest first.`,
    recentTable(shown),
    ...(pager.length > 0 ? [actions(...pager)] : []),
  )
}

const recentTable = (recent: readonly RecentRequest[]): TableBlock => ({
  type: 'table',
  rows: [
    ['Last requests', 'Outcome', 'Endpoint', 'Network', 'Client'].map(cell),
    ...recent.map(({ at, endpoint, code, network, client }) => [
      moment(at),
      ...[outcomeWords(code), endpoint, network, client].map((text) => cell(cut(text, maxCell))),
    ]),
  ],
})

const moment = (at: Date) => ({
  type: 'rich_text' as const,
  elements: [
    {
      type: 'rich_text_section' as const,
      elements: [
        {
          type: 'date' as const,
          timestamp: unixSeconds(at),
          format: '{date_short_pretty} {time_secs}',
          fallback: at.toISOString(),
        },
      ],
    },
  ],
})
