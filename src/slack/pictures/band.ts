import type { CustomSeriesRenderItem, EChartsOption, SeriesOption } from 'echarts'
import { colours, fontFamily, frame, type } from './base.ts'
import { markSeries, marksWithin } from './marks.ts'
import type { BandPicture } from './picture.ts'

/** Requests as a line over the band of what is usual, and the stretch of time that is not. */
export function bandChart(picture: BandPicture): EChartsOption {
  const { steps, incident } = picture
  const mark = { atMs: incident.fromMs, untilMs: incident.toMs, label: incident.label, tone: 'bad' } as const
  const { all, rows } = marksWithin([mark], picture)
  const most = Math.max(0, ...steps.flatMap((step) => [step.requests, step.high]))
  return {
    ...frame(picture, most, rows),
    legend: {
      left: 12,
      top: 6,
      itemWidth: 18,
      itemHeight: 14,
      itemGap: 18,
      selectedMode: false,
      textStyle: { color: colours.ink, fontSize: type.normal, fontFamily },
      data: [
        { name: 'Usual', icon: 'roundRect' },
        { name: 'Requests', icon: 'path://M0,4 L18,4 L18,8 L0,8 Z' },
      ],
    },
    series: [markSeries(all, picture), usual(picture), requests(picture)],
  }
}

const middle = ({ fromMs, toMs }: { fromMs: number; toMs: number }): number => (fromMs + toMs) / 2

function requests({ steps }: BandPicture): SeriesOption {
  return {
    type: 'line',
    name: 'Requests',
    data: steps.map((step) => [middle(step), step.requests]),
    symbol: 'none',
    lineStyle: { width: 3 },
    itemStyle: { color: colours.ok },
    silent: true,
    z: 4,
  }
}

/** One polygon: along the upper edge and back along the lower. */
function usual({ steps }: BandPicture): SeriesOption {
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
    name: 'Usual',
    renderItem,
    itemStyle: { color: colours.band },
    silent: true,
    z: 2,
    data: outline.slice(0, 1),
  }
}
