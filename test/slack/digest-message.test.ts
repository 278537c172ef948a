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
const urgent = (name: string, at: Digest['urgent'][number]['at'] = null): Digest['urgent'][number] => ({
  ...{ kind: 'idle', step: 'open', severity: 'warning', keyId: 'key_3', name, at },
})
const digest = (more: Partial<Digest> = {}): Digest => ({
  openByKind: [{ kind: 'idle', count: 1 }],
  opened: 1,
  resolved: 0,
  urgent: [urgent('Warehouse ETL')],
  keys: 1,
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

test('a digest says how the canary was judged, where there is one', () => {
  const canary = { runs: 168, good: 167, longestMs: 5_240 }
  const words =
    'The canary was judged as it should be in 167 of 168 runs. Its end was confirmed within 5.2 s at the longest.'
  expect(said(digestMessage(digest({ canary })).blocks)).toContain(words)
  expect(said(digestMessage(digest({ canary, openByKind: [], opened: 0 })).blocks)).toContain(words)
  const never = { runs: 1, good: 0, longestMs: null }
  expect(said(digestMessage(digest({ canary: never })).blocks)).toContain('in 0 of 1 run.')
  expect(said(digestMessage(digest()).blocks)).not.toContain('canary')
})

test('a key that ends tomorrow stops working within a day', () => {
  const words = (step: string) =>
    said(digestMessage(digest({ urgent: [{ ...urgent('Warehouse ETL'), kind: 'expiring', step }] })).blocks)
  expect(words('1d')).toContain('Warehouse ETL stops working within a day')
  expect(words('3d')).toContain('Warehouse ETL stops working within 3 days')
})

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
  expect(words).toContain('1,290 requests with 3 keys, twice as many as in the week before.')
  expect(words).toContain('By day: Mon 1,200, Tue 90, Wed 0, Thu 0, Fri 0, Sat 0, Sun 0.')
})

test('its table tells keys of the same name apart', () => {
  const table = digestMessage(digest()).blocks.find(({ type }) => type === 'table')!
  expect(cells(table)).toEqual([
    ...['Busiest keys', 'Requests', 'Refused', 'Success rate'],
    ...['Zendesk Sync tml_aaaa...', '900', '0', '99%'],
    ...['Zendesk Sync tml_bbbb...', '300', '0', '100%'],
    ...['Warehouse ETL', '90', '7', '92.2%'],
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
  const { blocks } = digestMessage(digest({ openByKind: [], urgent: [], keys: 0, resolved: 2 }))
  expect(blocks).toHaveLength(1)
  expect(said(blocks)).toBe(
    'A calm week: nothing needs attention, and 2 alerts were resolved. 1,290 requests with 3 keys, twice as many as in the week before.',
  )
})

test('a week in which nothing came up takes five lines at most, and shows no chart and no table', () => {
  const names = ['One', 'Two', 'Three', 'Four', 'Five']
  const all = {
    opened: 0,
    openByKind: [{ kind: 'idle', count: 9 }],
    urgent: names.map((name) => urgent(name)),
  } as const
  const { blocks } = digestMessage(
    digest({ ...all, urgent: [...all.urgent], openByKind: [...all.openByKind], keys: 7 }),
  )
  const lines = textOf(blocks).replace(/[\u2068\u2069]/g, '')
  expect(blocks.every(({ type }) => type === 'rich_text')).toBe(true)
  expect(said(blocks)).toMatch(/^9 open findings\. None new, none resolved this week\. 1,290 requests/)
  expect(said(blocks)).toMatch(/Three is not used And 4 more keys: \/keys inbox$/)
  expect(lines.split('🟠').length - 1).toBe(3)
})

test('a week as busy as the one before has no chart, even when something came up', () => {
  const even = { ...week, before: 1_200, days: week.days.map(({ name, ok }) => day(name, ok)) }
  const { blocks } = digestMessage(digest({ use: even }))
  expect(chartIn(blocks)).toBeUndefined()
  expect(said(blocks)).toContain('1,290 requests with 3 keys')
})

test('each line links its key to the alert, where Slack gave the address', () => {
  const at = { channelId: 'C0SECURITY', ts: '1.2' }
  const shown = digest({ urgent: [urgent('Linked', at), urgent('Not posted')], keys: 2 })
  const { blocks } = digestMessage(shown, new Map([['C0SECURITY 1.2', 'https://acme.slack.com/archives/x']]))
  const elements = JSON.stringify(blocks)
  expect(elements).toMatch(/"type":"link","url":"https:\/\/acme\.slack\.com\/archives\/x","text":"⁨Linked⁩"/)
  expect(elements).toMatch(/"type":"text","text":"⁨Not posted⁩"/)
})
