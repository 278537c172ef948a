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

/**
 * Monday's digest: a verdict, the week's requests as a chart with its figures in words, the findings that need
 * attention, and a table of the five busiest keys. A quiet week is one sentence.
 */
export function digestMessage(digest: Digest): Message {
  const { use } = digest
  const open = digest.openByKind.reduce((sum, one) => sum + one.count, 0)
  if (open === 0) return message(say`${calm(digest)} ${compared(use)}`)
  return message(
    say`${count(open, 'thing')} to look at this week; ${digest.opened} came up and ${count(digest.resolved, 'was', 'were')} settled in the last seven days.`,
    ...(use.requests > 0 ? week(use) : []),
    sentenceBlock(lines(digest.openByKind.map((one) => kindWords[one.kind].many(one.count)))),
    sentenceBlock(say`Most urgent:\n${lines(digest.urgent.map(urgent))}`),
    ...(use.top.length > 0 ? [topTable(use.top)] : []),
    sentenceBlock(
      say`All of them: ${{ code: '/keys list expiring' }} and ${{ code: '/keys list overdue' }}; how keys are used: ${{ code: '/keys usage' }}.`,
    ),
  )
}

const calm = ({ resolved }: Digest): Phrase =>
  resolved === 0
    ? say`A calm week: no key needs anybody.`
    : say`A calm week: no key needs anybody, and ${count(resolved, 'alert was', 'alerts were')} settled.`

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

const lines = (phrases: readonly Phrase[]): Phrase => join(phrases, '\n')

const urgent = ({ kind, step, name }: Digest['urgent'][number]): Phrase =>
  say`• ${{ name }}: ${kindWords[kind].short(step)}`
