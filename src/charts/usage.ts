import type { EChartsOption, SeriesOption } from 'echarts'
import { bar, colours, fontFamily, frame, short, type } from './base.ts'
import { type Mark, type UsagePicture, type UsageStep, unfinishedStep } from './chart.ts'
import { markSeries, marksWithin } from './marks.ts'

type Part = 'ok' | 'refused' | 'failed'
const parts: readonly Part[] = ['ok', 'refused', 'failed']

/** Requests over time, stacked by outcome. A part that never occurs is not drawn or named. */
export function usageChart(picture: UsagePicture): EChartsOption {
  const { steps, names, marks } = picture
  const open = unfinishedStep(picture)
  const begun: Mark[] = open ? [{ atMs: open.fromMs, label: 'so far', tone: 'soft' }] : []
  const { all, rows } = marksWithin([...marks, ...begun], picture)
  const shown = parts.filter((part) => part === 'ok' || steps.some((step) => step[part] > 0))
  const max = Math.max(0, ...steps.map((step) => step.ok + step.refused + step.failed))
  const series = shown.map((part, i) => stack(picture, part, shown.slice(0, i)))
  const totals = new Map(shown.map((part) => [names[part], total(steps, part)]))
  return {
    ...frame(picture, max, rows),
    legend: {
      left: 12,
      top: 6,
      icon: 'roundRect',
      itemWidth: 14,
      itemHeight: 14,
      itemGap: 18,
      selectedMode: false,
      textStyle: { color: colours.ink, fontSize: type.normal, fontFamily },
      data: shown.map((part) => names[part]),
      formatter: (name) => `${name} ${exact(totals.get(name) ?? 0)}`,
    },
    series: [markSeries(all, picture), ...series],
  }
}

function stack(picture: UsagePicture, part: Part, below: readonly Part[]): SeriesOption {
  const { steps, names } = picture
  const open = unfinishedStep(picture)
  const bottom = (step: UsageStep) => below.reduce((sum, one) => sum + step[one], 0)
  return {
    type: 'custom',
    name: names[part],
    renderItem: bar,
    itemStyle: { color: colours[part] },
    silent: true,
    z: 3,
    encode: { x: [0, 1], y: [2, 3] },
    data: steps
      .filter((step) => step[part] > 0)
      .map((step) => [
        step.fromMs,
        step.toMs,
        bottom(step),
        bottom(step) + step[part],
        Number(step === open),
      ]),
  }
}

const total = (steps: readonly UsageStep[], part: Part): number =>
  steps.reduce((sum, step) => sum + step[part], 0)

/** In full while short, like the words beside the picture. */
const exact = (n: number): string => (n < 100_000 ? n.toLocaleString('en-US') : short(n))
