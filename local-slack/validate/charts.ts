import { z } from 'zod'
import { blockId, characters } from './texts.ts'

const segment = z.strictObject({ label: characters(20), value: z.number().positive() })
const point = z.strictObject({ label: characters(20), value: z.number() })
const series = z.strictObject({ name: characters(20), data: z.array(point).min(1).max(20) })
const axes = z.strictObject({
  categories: z.array(characters(20)).min(1).max(20),
  x_label: characters(50).optional(),
  y_label: characters(50).optional(),
})

function xyChart(type: 'bar' | 'area' | 'line') {
  return z
    .strictObject({ type: z.literal(type), series: z.array(series).min(1).max(6), axis_config: axes })
    .refine(
      (chart) => new Set(chart.series.map((one) => one.name)).size === chart.series.length,
      'series names must be unique',
    )
    .refine(
      (chart) =>
        chart.series.every((one) => one.data.every((p) => chart.axis_config.categories.includes(p.label))),
      'data labels must match `axis_config.categories`',
    )
}

/** https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block */
export const dataVisualization = z.strictObject({
  type: z.literal('data_visualization'),
  block_id: blockId,
  title: characters(50),
  chart: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('pie'), segments: z.array(segment).min(1).max(6) }),
    xyChart('bar'),
    xyChart('area'),
    xyChart('line'),
  ]),
})
