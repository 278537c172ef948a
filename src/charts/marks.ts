import type { CustomSeriesRenderItemReturn, SeriesOption } from 'echarts'
import { colours, fontFamily, markRow, type } from './base.ts'
import type { Mark } from './chart.ts'

type Placed = Mark & { row: number }

/** The approximate width of a label's character, in points. */
const pointsPerCharacter = 7.5

/** Sorts marks by time and puts their labels in up to three rows, so that neighbours do not overlap. */
export function placed(marks: readonly Mark[], pointsPerMs: number): Placed[] {
  const until = Array<number>(3).fill(Number.NEGATIVE_INFINITY)
  return [...marks]
    .sort((a, b) => a.atMs - b.atMs)
    .flatMap((mark) => {
      const row = until.findIndex((end) => end <= mark.atMs)
      if (row < 0) return [{ ...mark, label: '', row: 0 }]
      until[row] = mark.atMs + (mark.label.length * pointsPerCharacter + 12) / pointsPerMs
      return [{ ...mark, row }]
    })
}

/** The marks within the span, and the number of label rows. */
export function marksWithin(marks: readonly Mark[], span: Stretch): { all: Placed[]; rows: number } {
  const within = marks.filter(({ atMs, untilMs = atMs }) => untilMs >= span.fromMs && atMs <= span.toMs)
  const all = placed(within, pointsAcross / (span.toMs - span.fromMs))
  return { all, rows: Math.max(0, ...all.map(({ row }) => row + 1)) }
}

type Stretch = { fromMs: number; toMs: number }
const pointsAcross = 420

/** Lines and stretches behind the chart, each with its label above. */
export function markSeries(all: readonly Placed[], span: Stretch): SeriesOption {
  return {
    type: 'custom',
    silent: true,
    z: 1,
    data: all.map(({ atMs, untilMs }) => [Math.max(atMs, span.fromMs), Math.min(untilMs ?? atMs, span.toMs)]),
    encode: { x: [0, 1] },
    renderItem: (params, api) => {
      const { x, y, width, height } = params.coordSys as unknown as Area
      const mark = all[params.dataIndex]
      if (!mark) return null
      const [left = 0] = api.coord([api.value(0), 0])
      const [right = 0] = api.coord([api.value(1), 0])
      return group(mark, { left, right, area: { x, y, width, height } })
    },
  }
}

const toneColours: Record<Mark['tone'], string> = {
  plain: colours.ink,
  attention: colours.attention,
  soft: colours.soft,
}

type Area = { x: number; y: number; width: number; height: number }

function group(mark: Placed, at: { left: number; right: number; area: Area }): CustomSeriesRenderItemReturn {
  const { left, right, area } = at
  const colour = toneColours[mark.tone]
  const top = area.y - 3 - mark.row * markRow
  const bottom = area.y + area.height
  const endsRight = left > area.x + area.width * 0.75
  const line = { type: 'line', shape: { x1: left, y1: top, x2: left, y2: bottom } } as const
  return {
    type: 'group',
    children: [
      ...(right > left
        ? [
            {
              type: 'rect' as const,
              shape: { x: left, y: area.y, width: right - left, height: area.height },
              style: { fill: colours.attention, opacity: 0.2 },
            },
          ]
        : []),
      { ...line, style: { stroke: colour, lineWidth: 1.5, lineDash: [4, 3] } },
      {
        type: 'text',
        z2: 100,
        style: {
          text: mark.label,
          x: endsRight ? left - 2 : left + 2,
          y: top,
          textAlign: endsRight ? 'right' : 'left',
          textVerticalAlign: 'bottom',
          fill: colour,
          backgroundColor: colours.paper,
          padding: [0, 2],
          font: `bold ${type.small}px "${fontFamily}"`,
        } as object,
      },
    ],
  }
}
