import type { CustomSeriesRenderItem, EChartsOption } from 'echarts'
import { Temporal } from 'temporal-polyfill'
import { hourMs } from '../foundation/time.ts'

/** Sized for a phone, where Slack shows a picture about 340 points wide: type stays above 10 points there. */
export const width = 480
export const height = 300
export const pixelsPerPoint = 2
export const fontFamily = 'Keywarden Lato'

/**
 * A dark card with an edge of its own: it stands out in light Slack and does not glare in dark Slack, and Slack does not
 * say which of them a reader has. Each colour has one meaning in all pictures. The outcomes differ in lightness too, for
 * readers who do not see colours, after Okabe and Ito, "Color Universal Design", 2008.
 */
export const colours = {
  paper: '#1f2328',
  edge: '#59616b',
  ink: '#f0f1f3',
  soft: '#b9bfc7',
  grid: '#3a4048',
  ok: '#56b4e9',
  refused: '#f0b429',
  failed: '#e0563f',
  /** an unusual or leaked stretch, an end: what asks for attention, whatever the outcome of requests */
  attention: '#d8a6ff',
  band: '#4a525c',
  bandEdge: '#7b8591',
} as const

/** The height of a row of labels above the chart. */
export const markRow = 17

/** The maximum width of a digit or separator in small type, in points. */
const pointsPerFigure = 8.2

export const type = { normal: 15, small: 14 } as const

/** The parts that every picture shares: paper, type, the time axis and the count axis. */
export function frame(span: Span, max: number, rowsOfMarks: number): EChartsOption {
  const ticks = timeTicks(span)
  const { end, every } = countAxis(max)
  const label = { color: colours.soft, fontSize: type.small, fontFamily }
  return {
    animation: false,
    backgroundColor: colours.paper,
    textStyle: { fontFamily, fontSize: type.normal, color: colours.ink },
    graphic: {
      type: 'rect',
      silent: true,
      shape: { x: 0.5, y: 0.5, width: width - 1, height: height - 1 },
      style: { fill: 'none', stroke: colours.edge, lineWidth: 1 },
    },
    grid: {
      // The library cannot measure our font.
      left: 20 + Math.max(...countTicks({ end, every }).map((n) => short(n, 2).length)) * pointsPerFigure,
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
      interval: every,
      splitLine: { lineStyle: { color: colours.grid } },
      axisLabel: { ...label, formatter: (n: number) => short(n, 2) },
    },
  }
}

export type Span = { fromMs: number; toMs: number; timeZone: string }

/** A rectangle from [from, to, bottom, top, is unfinished] in axis units, with a small gap between neighbours. */
export const bar: CustomSeriesRenderItem = (_params, api) => {
  const [left = 0, bottom = 0] = api.coord([api.value(0), api.value(2)])
  const [right = 0, top = 0] = api.coord([api.value(1), api.value(3)])
  const gap = Math.min(1.5, (right - left) / 5)
  const shape = { x: left + gap / 2, y: top, width: right - left - gap, height: bottom - top }
  const fill = String(api.visual('color'))
  return { type: 'rect', shape, style: api.value(4) ? { fill, opacity: unfinishedOpacity } : { fill } }
}

/** So much of its colour has a bar whose time is not over. */
const unfinishedOpacity = 0.5

/** The distances between the lines of an axis, times a power of ten. */
const roundSteps = [1, 2, 2.5, 5, 10]
const maxLines = 5

/** An axis of even, round and whole steps from 0 to at least `max`: where it ends, and the distance of its lines. */
export function countAxis(max: number): { end: number; every: number } {
  const power = 10 ** Math.floor(Math.log10(Math.max(max, 1) / maxLines))
  const every =
    roundSteps
      .map((step) => step * power)
      .find((step) => Number.isInteger(step) && step * maxLines >= Math.max(max, 1)) ?? 1
  return { end: Math.max(1, Math.ceil(max / every)) * every, every }
}

const countTicks = ({ end, every }: { end: number; every: number }): number[] =>
  Array.from({ length: Math.round(end / every) }, (_, i) => (i + 1) * every)

/** A count in a few characters, such as 12.5K. */
export const short = (n: number, decimals = 1): string =>
  n.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: decimals })

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
