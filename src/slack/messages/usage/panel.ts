import type { ImageBlock, KnownBlock } from '@slack/types'
import { type UsagePicture, unfinishedStep } from '../../../charts/chart.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { type Range, ranges } from '../../../usage/range.ts'
import type { RecentRequest } from '../../../usage/recent.ts'
import type { Source } from '../../../usage/sources.ts'
import type { Summary } from '../../../usage/summary.ts'
import { actions, button, context, go, header, type Message, message } from '../../blocks.ts'
import { fallback, isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { keyLine } from '../keys/key.ts'
import { newestRequests } from './recent.ts'
import { firstAndLast, fromWhere, howMany, howWell, percent, rangeWords } from './words.ts'

/** The contents of the panel. */
export type Panel = {
  key: KeyWithUsage
  range: Range
  now: Date
  summary: Summary
  sources: readonly Source[]
  recent: readonly RecentRequest[]
  picture: UsagePicture
}

const endpointsShown = 5

/** One key's usage. Without a picture it has a line of text signs; all figures are also in words. */
export function usagePanel(panel: Panel, image?: ImageBlock): Message {
  const { key, summary, range, now, sources, recent } = panel
  const lines = [howMany(summary, range), howWell(summary), firstAndLast(summary), ...fromWhere(sources)]
  return {
    text: fallback(say`${{ name: key.name }}: ${howMany(summary, range)}`),
    blocks: [
      header(isolate(key.name)),
      context(keyLine(key, now)),
      ...(image ? [image] : sparkline(panel.picture)),
      sentenceBlock(
        join(
          lines.filter((line) => line !== undefined),
          '\n',
        ),
      ),
      ...endpointList(summary),
      ...newestRequests(key, recent),
      rangeButtons(key, range),
      context(`Updated: ${mrkdwnDate(now, '{date_short_pretty} at {time}')}`),
    ],
  }
}

/** The reply where the panel was asked for, when it stands elsewhere. */
export const usageReply = (panel: Panel, link: string | undefined): Message => {
  const well = howWell(panel.summary)
  return message(
    say`${{ name: panel.key.name }}: ${howMany(panel.summary, panel.range)}${well ? say` ${well}` : ''}`,
    openPanel(link),
  )
}

/** Leads to the message with the whole panel. */
export const openPanel = (link: string | undefined): KnownBlock =>
  link
    ? sentenceBlock(say`Full report with chart: ${{ name: 'Open', url: link }}`)
    : context('The full report is in your messages with Keywarden.')

/** The picture in words. */
export function altTextOf(picture: UsagePicture, range: Range): string {
  const { steps, names, marks } = picture
  const sum = (part: 'ok' | 'refused' | 'failed') => steps.reduce((all, step) => all + step[part], 0)
  const figures = (['ok', 'refused', 'failed'] as const).map(
    (part) => `${names[part].toLowerCase()} ${sum(part).toLocaleString('en-US')}`,
  )
  const busiest = [...steps].sort((a, b) => size(b) - size(a))[0]
  const max = busiest
    ? ` Peak: ${size(busiest).toLocaleString('en-US')} between ${utc(busiest.fromMs)} and ${utc(busiest.toMs)}.`
    : ''
  const marked = marks.map(({ label, atMs }) => ` ${label} ${utc(atMs)}.`).join('')
  const open = unfinishedStep(picture)
  const soFar = open ? ` The bar that began ${utc(open.fromMs)} is not over.` : ''
  return `Requests of the last ${rangeWords[range]}: ${figures.join(', ')}.${max}${soFar}${marked}`
}

type Bar = UsagePicture['steps'][number]
const size = ({ ok, refused, failed }: Bar): number => ok + refused + failed
const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`

const signs = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const signsShown = 48

/** Requests over time as a line of text signs, for where pictures are not permitted. */
export function sparkline({ steps, fromMs }: UsagePicture): KnownBlock[] {
  const [first] = steps
  if (!first) return []
  const widthMs = first.toMs - first.fromMs
  const places = new Map(steps.map((step) => [Math.round((step.fromMs - fromMs) / widthMs), size(step)]))
  const last = Math.max(...places.keys())
  const max = Math.max(...places.values())
  const row = Array.from({ length: last + 1 }, (_, i) => {
    const requests = places.get(i) ?? 0
    return requests === 0 ? '·' : signs[Math.ceil((requests / max) * signs.length) - 1]
  })
  return [sentenceBlock(say`${{ code: row.slice(-signsShown).join('') }} at most ${max} at once`)]
}

function endpointList({ endpoints, totals }: Summary): KnownBlock[] {
  if (totals.requests === 0) return []
  const rows = endpoints
    .slice(0, endpointsShown)
    .map(
      ({ endpoint, requests, refused }): Phrase =>
        say`${{ code: endpoint }}  ${requests} (${percent(requests / totals.requests)})${refused > 0 ? `, ${refused.toLocaleString('en-US')} refused` : ''}`,
    )
  return [sentenceBlock(say`Most accessed:\n${join(rows, '\n')}`)]
}

function rangeButtons(key: KeyWithUsage, shown: Range): KnownBlock {
  const to = (rest: string) => ref(key.workspaceId, `${key.id} ${rest}`)
  return actions(
    ...ranges.map((range) =>
      button(rangeWords[range], `usage.range.${range}`, to(range), {
        label: `${key.name}: last ${rangeWords[range]}`,
        ...(range === shown ? { style: 'primary' } : {}),
      }),
    ),
    button('Export CSV', 'usage.csv', to(shown), { label: `Export the usage of ${key.name} as CSV` }),
    go('Show key', 'show', key),
  )
}
