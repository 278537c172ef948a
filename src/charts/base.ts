import type { CustomSeriesRenderItem, EChartsOption } from 'echarts'
import { Temporal } from 'temporal-polyfill'
import { hourMs } from '../foundation/time.ts'

/** Sized for a phone, where Slack shows a picture about 340 points wide: type stays above 10 points there. */
export const width = 480
export const height = 300
export const pixelsPerPoint = 2
export const fontFamily = 'Keywarden Lato'

/**
 * On white, in light Slack and in dark. Blue, orange and a dark red differ in lightness too, for readers who do not
 * see colours: Okabe and Ito, "Color Universal Design", 2008.
 */
export const colours = {
  paper: '#ffffff',
  ink: '#1d1c1d',
  soft: '#55545a',
  grid: '#e4e3e6',
  ok: '#0072b2',
  refused: '#cc7700',
  failed: '#a3142f',
  band: '#bfdcef',
  bandEdge: '#8fbfdd',
  bad: '#fbe3e0',
} as const

/** The height of a row of labels above the chart. */
export const markRow = 17

/** The maximum width of a digit or separator in small type, in points. */
const pointsPerFigure = 8.2

export const type = { normal: 15, small: 14 } as const

/** The parts that every picture shares: paper, type, the time axis and the count axis. */
export function frame(span: Span, max: number, rowsOfMarks: number): EChartsOption {
  const ticks = timeTicks(span)
  const end = roundUp(max)
  const label = { color: colours.soft, fontSize: type.small, fontFamily }
  return {
    animation: false,
    backgroundColor: colours.paper,
    textStyle: { fontFamily, fontSize: type.normal, color: colours.ink },
    grid: {
      // The library cannot measure our font.
      left: 20 + Math.max(...[1, 2, 3, 4].map((n) => short((end * n) / 4).length)) * pointsPerFigure,
      right: 24,
      top: 46 + rowsOfMarks * markRow,
      bottom: 32,
    },
    xAxis: {
      type: 'value',
      min: span.fromMs,
      max: span.toMs,
      axisLine: { lineStyle: { color: colours.soft } },
      axisTick: { show: true, customValues: ticks.map(({ atMs }) => atMs) },
      splitLine: { show: false },
      axisLabel: {
        ...label,
        customValues: ticks.map(({ atMs }) => atMs),
        formatter: (atMs: number) => ticks.find((tick) => tick.atMs === atMs)?.label ?? '',
      },
    },
    yAxis: {
      type: 'value',
      min: 0,
      max: end,
      interval: end / 4,
      splitLine: { lineStyle: { color: colours.grid } },
      axisLabel: { ...label, formatter: (n: number) => short(n) },
    },
  }
}

export type Span = { fromMs: number; toMs: number; timeZone: string }

/** A rectangle from [from, to, bottom, top] in axis units, with a small gap between neighbours. */
export const bar: CustomSeriesRenderItem = (_params, api) => {
  const [left = 0, bottom = 0] = api.coord([api.value(0), api.value(2)])
  const [right = 0, top = 0] = api.coord([api.value(1), api.value(3)])
  const gap = Math.min(1.5, (right - left) / 5)
  const shape = { x: left + gap / 2, y: top, width: right - left - gap, height: bottom - top }
  return { type: 'rect', shape, style: { fill: String(api.visual('color')) } }
}

/** The next round number whose quarters are whole: 4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 100, 120 ... */
export function roundUp(max: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(max, 1)))
  const ends = [power, 10 * power].flatMap((by) =>
    [1, 1.2, 1.6, 2, 2.4, 3, 3.2, 4, 6, 8].map((step) => step * by),
  )
  return ends.find((end) => end >= max && end % 4 === 0) ?? 100 * power
}

export const short = (n: number): string =>
  n.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 })

type Tick = { atMs: number; label: string }

/** Ticks at hours for a day and at days for more, on local boundaries, before the end, about seven. */
export function timeTicks({ fromMs, toMs, timeZone }: Span): Tick[] {
  const hours = (toMs - fromMs) / hourMs
  const everyHours = [3, 6, 12].find((every) => hours / every <= 8)
  const everyDays = [1, 2, 5, 7, 14, 30].find((every) => hours / 24 / every <= 7.2) ?? 60
  const first = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone).startOfDay()
  const ticks: Tick[] = []
  for (let i = 0; ; i++) {
    const at = everyHours ? first.add({ hours: i * everyHours }) : first.add({ days: i * everyDays })
    if (at.epochMilliseconds >= toMs) return ticks
    if (at.epochMilliseconds >= fromMs)
      ticks.push({ atMs: at.epochMilliseconds, label: tickLabel(at, everyHours) })
  }
}

const tickLabel = (at: Temporal.ZonedDateTime, everyHours: number | undefined): string =>
  everyHours && at.hour > 0 ? `${String(at.hour).padStart(2, '0')}:00` : dayLabel(at)

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const dayLabel = (at: Temporal.ZonedDateTime): string => `${at.day} ${months[at.month - 1]}`
