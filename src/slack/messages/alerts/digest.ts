import type { KnownBlock } from '@slack/types'
import type { Digest } from '../../../findings/digest.ts'
import type { WeekOfUse } from '../../../findings/digest-use.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { count } from '../keys/key.ts'
import { chart } from '../usage/chart.ts'
import { topTable } from '../usage/overview.ts'
import { against } from '../usage/words.ts'
import { kindWords } from './kinds.ts'
import { severityWords } from './words.ts'

/** The addresses of messages in Slack, by `channel ts`; without one, a line names its key alone. */
export type Links = ReadonlyMap<string, string>

/** Lines of a week in which nothing came up, after the first. */
const fewLines = 3

/**
 * Monday's digest: a verdict, then each of the most urgent keys once, with a link to its alert. The week's requests are a
 * chart with its figures in words, and a table of the five busiest keys, when something changed. A week in which nothing
 * came up takes five lines at most, and one in which nothing is open a sentence.
 */
export function digestMessage(digest: Digest, links: Links = new Map()): Message {
  const { use, opened, resolved } = digest
  const open = digest.openByKind.reduce((sum, one) => sum + one.count, 0)
  if (open === 0) return message(say`${calm(digest)} ${compared(use)}${canaryWords(digest)}`)
  const verdict = say`${count(open, 'open finding')}. ${came(opened)}, ${resolved === 0 ? 'none' : resolved} resolved this week.`
  if (opened === 0)
    return message(
      say`${verdict} ${compared(use)}${canaryWords(digest)}`,
      sentenceBlock(urgentLines(digest, fewLines, links)),
    )
  return message(
    say`${verdict}${canaryWords(digest)}`,
    sentenceBlock(urgentLines(digest, digest.urgent.length, links)),
    ...(hasChanged(use) ? [...week(use), topTable(use.top)] : [sentenceBlock(compared(use))]),
  )
}

const came = (opened: number): Phrase => (opened === 0 ? ['None new'] : say`${opened} new`)

const calm = ({ resolved }: Digest): Phrase =>
  resolved === 0
    ? say`A calm week: nothing needs attention.`
    : say`A calm week: nothing needs attention, and ${count(resolved, 'alert was', 'alerts were')} resolved.`

/** How the canary's runs went; nothing without a canary. */
function canaryWords({ canary }: Digest): Phrase {
  if (!canary) return []
  const { runs, good, longestMs } = canary
  const longest =
    longestMs === null
      ? ''
      : ` Its end was confirmed within ${(longestMs / 1000).toFixed(1)} s at the longest.`
  return say` The canary was judged as it should be in ${good} of ${count(runs, 'run')}.${longest}`
}

/** A week of which a chart says something: half more or less than the one before, or much refused or failed. */
function hasChanged({ requests, before, days }: WeekOfUse): boolean {
  if (requests === 0) return false
  const lost = days.reduce((sum, { refused, failed }) => sum + refused + failed, 0)
  return requests > 1.5 * before || requests < 0.5 * before || lost > 0.05 * requests
}

/** The number of requests, compared to the week before. */
const compared = ({ requests, before, keysUsed }: WeekOfUse): Phrase =>
  requests === 0
    ? say`No key was used.`
    : say`${count(requests, 'request')} with ${count(keysUsed, 'key')}, ${against(requests, before)} in the week before.`

/** Slack's chart, and its figures for those who cannot see it. */
function week(use: WeekOfUse): KnownBlock[] {
  const parts = [
    ['Let through', use.days.map(({ ok }) => ok)],
    ['Refused', use.days.map(({ refused }) => refused)],
    ['Failed', use.days.map(({ failed }) => failed)],
  ] as const
  const series = parts
    .filter(([name, values]) => name === 'Let through' || values.some((value) => value > 0))
    .map(([name, values]) => ({ name, values }))
  const categories = use.days.map(({ name }) => name)
  const days = use.days.map(
    ({ name, ok, refused, failed }) => `${name} ${(ok + refused + failed).toLocaleString('en-US')}`,
  )
  return [
    chart('bar', 'Requests of last week', categories, series),
    sentenceBlock(say`${compared(use)} By day: ${days.join(', ')}.`),
  ]
}

function urgentLines({ urgent, keys }: Digest, lines: number, links: Links): Phrase {
  const shown = urgent.slice(0, lines)
  const more = keys - shown.length
  const rest = more > 0 ? [say`And ${count(more, 'more key')}: ${{ code: '/keys inbox' }}`] : []
  return join([...shown.map((one) => urgentLine(one, links)), ...rest], '\n')
}

function urgentLine({ kind, step, severity, name, at }: Digest['urgent'][number], links: Links): Phrase {
  const url = at ? links.get(`${at.channelId} ${at.ts}`) : undefined
  const leaks = kind === 'unusual-use' && severity === 'critical'
  const what = leaks ? 'may have leaked' : kindWords[kind].short(step)
  return say`${severityWords[severity]} · ${{ name, ...(url ? { url } : {}) }} ${what}`
}
