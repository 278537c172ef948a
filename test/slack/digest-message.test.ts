import type { KnownBlock } from '@slack/types'
import { textOf } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { said } from '../../sandbox/acting.ts'
import type { Digest } from '../../src/findings/digest.ts'
import { digestMessage } from '../../src/slack/messages/alerts/digest.ts'

const nobody = { requests: 0, refused: 0, outcomes: 0, failed: 0 }
const day = (name: string, ok: number, refused = 0, failed = 0) => ({ name, ok, refused, failed })
const week: NonNullable<Digest['use']> = {
  requests: 1_290,
  before: 645,
  keysUsed: 3,
  days: [
    day('Mon', 1_200),
    day('Tue', 80, 7, 3),
    ...['Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((name) => day(name, 0)),
  ],
  top: [
    {
      ...nobody,
      keyId: 'key_1',
      name: 'Zendesk Sync',
      hint: 'tml_aaaa...',
      requests: 900,
      outcomes: 900,
      failed: 9,
    },
    { ...nobody, keyId: 'key_2', name: 'Zendesk Sync', hint: 'tml_bbbb...', requests: 300 },
    { ...nobody, keyId: 'key_3', name: 'Warehouse ETL', hint: 'tml_cccc...', requests: 90, refused: 7 },
  ],
}
const digest = (more: Partial<Digest> = {}): Digest => ({
  openByKind: [{ kind: 'idle', count: 1 }],
  opened: 1,
  resolved: 0,
  urgent: [{ kind: 'idle', step: 'open', keyId: 'key_3', name: 'Warehouse ETL' }],
  use: week,
  ...more,
})

type Chart = {
  title: string
  chart: { series: { name: string; data: { label: string; value: number }[] }[] }
}
const chartIn = (blocks: KnownBlock[]) =>
  blocks.find((block) => String(block.type) === 'data_visualization') as unknown as Chart | undefined
const cells = (table: KnownBlock) =>
  textOf([table])
    .replace(/[\u2068\u2069]/g, '')
    .split('\n')

test('a digest shows the week as a chart, by outcome and day, and says the same figures in words', () => {
  const { blocks } = digestMessage(digest())
  const { title, chart } = chartIn(blocks)!
  expect(title).toBe('Requests of last week')
  expect(chart.series.map(({ name, data }) => [name, data.map(({ value }) => value)])).toEqual([
    ['Let through', [1_200, 80, 0, 0, 0, 0, 0]],
    ['Refused', [0, 7, 0, 0, 0, 0, 0]],
    ['Failed', [0, 3, 0, 0, 0, 0, 0]],
  ])
  const words = said(blocks.filter((block) => String(block.type) !== 'data_visualization'))
  expect(words).toContain('1,290 requests with 3 keys, 2 times as many as in the week before.')
  expect(words).toContain('By day: Mon 1,200, Tue 90, Wed 0, Thu 0, Fri 0, Sat 0, Sun 0.')
})

test('its table tells keys of the same name apart', () => {
  const table = digestMessage(digest()).blocks.find(({ type }) => type === 'table')!
  expect(cells(table)).toEqual([
    ...['Busiest keys', 'Requests', 'Refused', 'Went well'],
    ...['Zendesk Sync tml_aaaa...', '900', '0', '99 %'],
    ...['Zendesk Sync tml_bbbb...', '300', '0', '100 %'],
    ...['Warehouse ETL', '90', '7', '92.2 %'],
  ])
})

test('what says nothing is left out: outcomes that never occurred, a chart of a week without requests', () => {
  const calm = { ...week, days: week.days.map(({ name, ok }) => day(name, ok)) }
  expect(chartIn(digestMessage(digest({ use: calm })).blocks)!.chart.series.map(({ name }) => name)).toEqual([
    'Let through',
  ])
  const unused = {
    ...week,
    requests: 0,
    keysUsed: 0,
    days: week.days.map(({ name }) => day(name, 0)),
    top: [],
  }
  const { blocks } = digestMessage(digest({ use: unused }))
  expect(chartIn(blocks)).toBeUndefined()
  expect(blocks.some(({ type }) => type === 'table')).toBe(false)
})

test('a calm week is one sentence', () => {
  const { blocks } = digestMessage(digest({ openByKind: [], urgent: [], resolved: 2 }))
  expect(blocks).toHaveLength(1)
  expect(said(blocks)).toBe(
    'A calm week: no key needs anybody, and 2 alerts were settled. 1,290 requests with 3 keys, 2 times as many as in the week before.',
  )
})
