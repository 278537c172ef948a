import type { CustomSeriesRenderItem, EChartsOption, MarkPointComponentOption, SeriesOption } from 'echarts'
import { colours, fontFamily, frame, short, type } from './base.ts'
import type { BandPicture, BandStep } from './chart.ts'
import { markSeries, marksWithin } from './marks.ts'

/** Requests as a line over the band of usual use, with the unusual time marked. */
export function bandChart(picture: BandPicture): EChartsOption {
  const { steps, incident } = picture
  const mark = {
    atMs: incident.fromMs,
    untilMs: incident.toMs,
    label: incident.label,
    tone: 'attention',
  } as const
  const { all, rows } = marksWithin([mark], picture)
  const max = Math.max(0, ...steps.flatMap((step) => [step.requests, step.high]))
  return {
    ...frame(picture, max, rows),
    legend: {
      left: 12,
      top: 6,
      itemWidth: 18,
      itemHeight: 14,
      itemGap: 18,
      selectedMode: false,
      textStyle: { color: colours.ink, fontSize: type.normal, fontFamily },
      data: [
        { name: usualName(picture), icon: 'roundRect' },
        { name: requestsName, icon: 'path://M0,4 L18,4 L18,8 L0,8 Z' },
      ],
    },
    series: [markSeries(all, picture), usual(picture), requests(picture)],
  }
}

const requestsName = 'Requests per hour'

/** A leak may be so high that the band is a hair above the axis, so its figures are in the legend too. */
function usualName({ steps }: BandPicture): string {
  const { low = 0, high = 0 } = steps.at(-1) ?? {}
  if (high === 0) return 'Usual now: none'
  return `Usual now: ${low === high ? '' : `${short(low)} to `}${short(high)}`
}

const middle = ({ fromMs, toMs }: { fromMs: number; toMs: number }): number => (fromMs + toMs) / 2

function requests({ steps }: BandPicture): SeriesOption {
  const last = steps.at(-1)
  return {
    type: 'line',
    name: requestsName,
    data: steps.map((step) => [middle(step), step.requests]),
    symbol: 'none',
    ...(last ? { markPoint: markOf(last) } : {}),
    lineStyle: { width: 3 },
    itemStyle: { color: colours.ink },
    silent: true,
    z: 4,
  }
}

/** The hour of the alert, with its figure on the free side of the line. */
function markOf(step: BandStep): MarkPointComponentOption {
  const font = { fontFamily, fontSize: type.normal, fontWeight: 'bold' } as const
  return {
    silent: true,
    symbol: 'circle',
    symbolSize: 9,
    data: [{ name: requestsName, coord: [middle(step), step.requests] }],
    itemStyle: { color: colours.attention },
    label: {
      ...{ ...font, color: colours.attention, formatter: step.requests.toLocaleString('en-US') },
      ...{ position: 'left', distance: 12, backgroundColor: colours.paper, padding: [1, 3] },
    },
  }
}

/** One polygon: along the upper edge and back along the lower. */
function usual(picture: BandPicture): SeriesOption {
  const { steps } = picture
  const outline = [
    ...steps.map((step): [number, number] => [middle(step), step.high]),
    ...[...steps].reverse().map((step): [number, number] => [middle(step), step.low]),
  ]
  const renderItem: CustomSeriesRenderItem = (params, api) =>
    params.dataIndex > 0
      ? null
      : {
          type: 'polygon',
          shape: { points: outline.map((point) => api.coord(point)) },
          style: { fill: colours.band, stroke: colours.bandEdge, lineWidth: 1 },
        }
  return {
    type: 'custom',
    name: usualName(picture),
    renderItem,
    itemStyle: { color: colours.band },
    silent: true,
    z: 2,
    data: outline.slice(0, 1),
  }
}
