import { type LogLevel, WebClient } from '@slack/web-api'
import { type LocalSlack, startSlack } from 'local-slack'
import { textOf } from 'local-slack/inspect'
import { calls, fault, person } from 'local-slack/person'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { people } from '../../sandbox/acting.ts'
import { bandChart } from '../../src/charts/band.ts'
import { colours, countAxis, timeTicks } from '../../src/charts/base.ts'
import {
  type BandPicture,
  type UsagePicture,
  type UsageStep,
  unfinishedStep,
} from '../../src/charts/chart.ts'
import { placed } from '../../src/charts/marks.ts'
import { render } from '../../src/charts/render.ts'
import { usageChart } from '../../src/charts/usage.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openLog } from '../../src/foundation/log.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import { sendIllustrated } from '../../src/slack/upload-chart.ts'

const hourMs = 3_600_000
const toMs = Date.UTC(2027, 2, 10)
const fromMs = toMs - 24 * hourMs
const names = { ok: 'Succeeded', refused: 'Refused', failed: 'Failed' }

const steps = (of: (hour: number) => Partial<UsageStep>): UsageStep[] =>
  Array.from({ length: 24 }, (_, hour) => {
    const at = fromMs + hour * hourMs
    return { fromMs: at, toMs: at + hourMs, ok: 0, refused: 0, failed: 0, ...of(hour) }
  })

const usage = (more: Partial<UsagePicture> = {}): UsagePicture => ({
  kind: 'usage',
  fromMs,
  toMs,
  countedUntilMs: toMs,
  timeZone: 'UTC',
  steps: steps(() => ({ ok: 60, refused: 30, failed: 10 })),
  names,
  marks: [],
  ...more,
})

/** How many pixels are of exactly that colour. */
async function inked(png: Uint8Array, hex: string): Promise<number> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
  const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  let found = 0
  for (let i = 0; i < data.length; i += info.channels)
    if (wanted.every((value, channel) => data[i + channel] === value)) found++
  return found
}

/** WCAG 2.2, relative luminance and contrast. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

test('each outcome takes as much ink as it has requests', async () => {
  const png = await render(usage())
  const [ok, refused, failed] = await Promise.all(
    (['ok', 'refused', 'failed'] as const).map((part) => inked(png, colours[part])),
  )
  expect(ok! / refused!).toBeCloseTo(2, 0)
  expect(ok! / failed!).toBeGreaterThan(4)
  expect(ok! / failed!).toBeLessThan(8)
})

test('the same figures are the same bytes, and nothing shines through', async () => {
  const [one, other] = await Promise.all([render(usage()), render(usage())])
  expect(Buffer.compare(one, other)).toBe(0)
  const { width, height } = await sharp(one).metadata()
  expect({ width, height }).toEqual({ width: 960, height: 600 })
  expect((await sharp(one).stats()).isOpaque).toBe(true)
})

test('what never occurs is neither drawn nor named; nothing at all is still a picture', async () => {
  const calm = await render(usage({ steps: steps(() => ({ ok: 5 })) }))
  expect(await inked(calm, colours.refused)).toBe(0)
  expect(await inked(calm, colours.failed)).toBe(0)
  const empty = await render(usage({ steps: [] }))
  expect((await sharp(empty).metadata()).format).toBe('png')
})

test.each([
  ['a day', 1],
  ['a week', 7],
  ['a quarter', 90],
])('the words below the axis of %s stand whole, with air around them', async (_, days) => {
  const long = { fromMs: toMs - days * 24 * hourMs, toMs, timeZone: 'Europe/Berlin' }
  const png = await render(usage({ ...long, marks: [] }))
  const part = (left: number, top: number, width: number, height: number) =>
    sharp(png).extract({ left, top, width, height }).png().toBuffer()
  const isPaper = async (some: Promise<Buffer>) => {
    const { width, height } = await sharp(await some).metadata()
    return (await inked(await some, colours.paper)) === width * height
  }
  expect(await inked(await part(0, 550, 960, 38), colours.soft)).toBeGreaterThan(100)
  expect(await isPaper(part(2, 592, 956, 6))).toBe(true)
  expect(await isPaper(part(2, 2, 10, 596))).toBe(true)
})

test('a mark is a line of its own colour, and one outside of the time shown is left out', async () => {
  const rotated = { atMs: fromMs + 6 * hourMs, label: 'Rotated', tone: 'plain' } as const
  const expires = { atMs: toMs - hourMs, label: 'Expires', tone: 'attention' } as const
  const bare = await render(usage({ steps: [] }))
  const marked = await render(usage({ steps: [], marks: [rotated, expires] }))
  expect(await inked(bare, colours.attention)).toBe(0)
  expect(await inked(marked, colours.attention)).toBeGreaterThan(300)
  const past = await render(usage({ steps: [], marks: [{ ...expires, atMs: fromMs - hourMs }] }))
  expect(await inked(past, colours.attention)).toBe(0)
})

test('words of neighbouring marks stand in rows of their own', () => {
  const mark = (atMs: number) => ({ atMs, label: 'Deactivated', tone: 'plain' }) as const
  const all = placed([mark(20), mark(0), mark(10), mark(500)], 1)
  expect(all.map(({ atMs, row }) => [atMs, row])).toEqual([
    [0, 0],
    [10, 1],
    [20, 2],
    [500, 0],
  ])
})

test('the band of what is usual and the time that is not are drawn under the line', async () => {
  const band: BandPicture = {
    kind: 'band',
    fromMs,
    toMs,
    timeZone: 'UTC',
    steps: steps(() => ({})).map(({ fromMs: at, toMs: until }) => ({
      fromMs: at,
      toMs: until,
      requests: at > toMs - 4 * hourMs ? 400 : 90,
      low: 60,
      high: 140,
    })),
    incident: { fromMs: toMs - 4 * hourMs, toMs, label: 'Unusual' },
  }
  const png = await render(band)
  expect(await inked(png, colours.band)).toBeGreaterThan(10_000)
  expect(await inked(png, colours.ink)).toBeGreaterThan(1_000)
})

test('a leak beside which the band is a hair still says what is usual, and how much came', async () => {
  const flood = (requests: number, high: number): BandPicture => ({
    ...{ kind: 'band', fromMs, toMs, timeZone: 'UTC' },
    steps: steps(() => ({})).map((step, hour) => ({
      ...{ fromMs: step.fromMs, toMs: step.toMs },
      ...{ requests: hour === 23 ? requests : 3, low: 0, high },
    })),
    incident: { fromMs: toMs - hourMs, toMs, label: 'unusual' },
  })
  const { legend } = bandChart(flood(1_201, 17)) as { legend: { data: { name: string }[] } }
  expect(legend.data.map(({ name }) => name)).toEqual(['Usual now: 0 to 17', 'Requests per hour'])
  const dotAndFigure = await inked(await render(flood(1_201, 17)), colours.attention)
  expect(dotAndFigure).toBeGreaterThan((await inked(await render(flood(1, 17)), colours.attention)) + 200)
})

test('words stand out from the paper by 4.5 to 1, figures by 3 to 1', () => {
  for (const word of [colours.ink, colours.soft, colours.attention])
    expect(contrast(word, colours.paper)).toBeGreaterThan(4.5)
  for (const part of [colours.ok, colours.refused, colours.failed])
    expect(contrast(part, colours.paper)).toBeGreaterThan(3)
})

test('a picture neither glares in dark Slack nor is lost in light Slack: its paper is dark, and has an edge', () => {
  expect(contrast(colours.paper, '#1a1d21')).toBeLessThan(1.2)
  expect(contrast(colours.edge, '#1a1d21')).toBeGreaterThan(2.5)
  expect(contrast(colours.paper, '#ffffff')).toBeGreaterThan(10)
})

test('each colour has one meaning: those of outcomes are on no mark and in no band', async () => {
  expect(new Set(Object.values(colours)).size).toBe(Object.keys(colours).length)
  const marks = (['plain', 'attention', 'soft'] as const).map((tone, i) => ({
    ...{ atMs: fromMs + (i + 1) * hourMs, untilMs: fromMs + (i + 2) * hourMs },
    ...{ label: 'Mark', tone },
  }))
  const png = await render(usage({ steps: [], marks }))
  for (const part of [colours.refused, colours.failed]) expect(await inked(png, part)).toBe(0)
})

test('the bar whose time is not over is lighter, and begins with a line that says so; a whole one is not', async () => {
  const begun = { atMs: toMs - hourMs, label: 'so far', tone: 'soft' } as const
  const whole = usage({ steps: steps(() => ({ ok: 100 })), marks: [begun] })
  const half = { ...whole, countedUntilMs: toMs - hourMs / 2, marks: [] }
  expect(unfinishedStep(whole)).toBeUndefined()
  expect(unfinishedStep(half)).toMatchObject({ toMs })
  expect(unfinishedStep({ ...whole, countedUntilMs: toMs - hourMs / 20 })).toBeUndefined()
  const [one, other] = [
    await inked(await render(whole), colours.ok),
    await inked(await render(half), colours.ok),
  ]
  expect(other / one).toBeGreaterThan(0.9)
  expect(other / one).toBeLessThan(0.99)
  const { series } = usageChart(half) as { series: { data: unknown[] }[] }
  expect(series[0]!.data).toEqual([[toMs - hourMs, toMs - hourMs]])
})

test.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 2, 4, 6, 8]],
  [25, [0, 5, 10, 15, 20, 25]],
  [95, [0, 20, 40, 60, 80, 100]],
  [101, [0, 25, 50, 75, 100, 125]],
  [699, [0, 200, 400, 600, 800]],
  [2_900, [0, 1_000, 2_000, 3_000]],
  [11_000, [0, 2_500, 5_000, 7_500, 10_000, 12_500]],
])('the lines of an axis for at most %i are even, round and whole: %j', (max, lines) => {
  const { end, every } = countAxis(max)
  expect(Array.from({ length: end / every + 1 }, (_, i) => i * every)).toEqual(lines)
})

test('days begin where they begin in that time zone, also when clocks change, and the end is no day', () => {
  const from = Date.parse('2027-03-25T23:00:00Z')
  const to = Date.parse('2027-04-01T22:00:00Z')
  const ticks = timeTicks({ fromMs: from, toMs: to, timeZone: 'Europe/Berlin' })
  expect(ticks.map(({ label }) => label)).toEqual([
    '26 Mar',
    '27 Mar',
    '28 Mar',
    '29 Mar',
    '30 Mar',
    '31 Mar',
    '1 Apr',
  ])
  expect(new Date(ticks[3]!.atMs).toISOString()).toBe('2027-03-28T22:00:00.000Z')
})

const manifest = new URL('../../manifest.yml', import.meta.url).pathname
let slack: LocalSlack
let web: WebClient
beforeAll(async () => {
  slack = await startSlack({ clock: systemClock, manifest })
  web = new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: 'error' as LogLevel,
  })
})
afterAll(() => slack.close())

const illustrated = (text: string) =>
  sendIllustrated(
    { web, log: openLog({ level: 'silent', tokenPrefix: 'tml_' }) },
    { picture: usage(), filename: 'usage.png', altText: 'Requests: 2,400' },
    (image) =>
      web.chat.postMessage({
        channel: people.manager,
        text,
        blocks: [section(text), ...(image ? [image] : [])],
      }),
  )
const section = (text: string) => ({ type: 'section' as const, text: { type: 'plain_text' as const, text } })

async function lastInDm() {
  const screen = await person(slack.url, people.manager).screen()
  const dm = screen.channels.find((channel) => channel.kind === 'dm')!
  return screen.messages[dm.id]!.at(-1)!
}

test('a picture arrives once, however long Slack looks at it, with what it shows in words', async () => {
  await illustrated('Usage')
  const { blocks } = await lastInDm()
  expect(textOf(blocks)).toBe('Usage\nRequests: 2,400')
  const { slack_file } = blocks[1] as { slack_file: { id: string } }
  expect(slack_file).not.toHaveProperty('hidden')
  const served = await fetch(`${slack.url}/files/${slack_file.id}`)
  expect((await sharp(Buffer.from(await served.arrayBuffer())).metadata()).width).toBe(960)
})

test.each([
  ['Slack fails', 'files.getUploadURLExternal', 'internal_error'],
  ['the upload cannot be finished', 'files.completeUploadExternal', 'fatal_error'],
  ['the team permits no files', 'files.getUploadURLExternal', 'file_uploads_disabled'],
])('when %s, the words come alone', async (name, method, error) => {
  await fault(slack.url, { method, times: 1, kind: 'error', error })
  await illustrated(name)
  expect(textOf((await lastInDm()).blocks)).toBe(name)
})

test('that Slack is still looking at a picture is no error in the log, and what is wrong with a message is one', async () => {
  const logged: string[] = []
  const log = openLog({
    level: 'info',
    tokenPrefix: 'tml_',
    destination: { write: (line) => void logged.push(line) },
  })
  const { apiUrl, botToken } = slack
  const config = readConfig({ DATABASE_URL: 'postgres://', SLACK_API_URL: apiUrl, SLACK_BOT_TOKEN: botToken })
  const ours = openWebClient({ config, log })
  const picture = { picture: usage(), filename: 'usage.png', altText: 'Requests: 2,400' }
  let sent = 0
  await sendIllustrated({ web: ours, log }, picture, (image) => {
    sent++
    return ours.chat.postMessage({ channel: people.manager, text: 'Usage', blocks: image ? [image] : [] })
  })
  expect(sent).toBeGreaterThan(1)
  expect(logged).toEqual([])
  await expect(
    ours.chat.postMessage({ channel: people.manager, text: '', blocks: [section('')] }),
  ).rejects.toThrow('invalid_blocks')
  expect(logged.join()).toContain('"level":"error"')
})

test('what is wrong with the message itself is not blamed on its picture', async () => {
  await expect(illustrated('')).rejects.toThrow('invalid_blocks')
})

test('where image blocks are refused for good, the words come at once', async () => {
  slack.refuseBlocks(['image'])
  const before = (await calls(slack.url, 'chat.postMessage')).length
  await illustrated('No images here')
  expect(textOf((await lastInDm()).blocks)).toBe('No images here')
  expect((await calls(slack.url, 'chat.postMessage')).length - before).toBe(2)
  slack.refuseBlocks([])
})

test('without the scope files:write the words come alone', async () => {
  slack.withdrawScope('files:write')
  await illustrated('No scope')
  expect(textOf((await lastInDm()).blocks)).toBe('No scope')
})
