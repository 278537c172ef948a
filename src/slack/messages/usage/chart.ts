import type { KnownBlock } from '@slack/types'
import { cut } from '../../blocks.ts'

/** A line or a group of bars: a value for each category. */
export type Series = { name: string; values: readonly number[] }

const maxCharacters = 20

/**
 * Slack's own chart: it follows the reader's theme and needs no upload. At most twenty categories and six series.
 * https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
 */
export function chart(
  type: 'bar' | 'line' | 'area',
  title: string,
  categories: readonly string[],
  series: readonly Series[],
): KnownBlock {
  const labels = categories.map((category) => cut(category, maxCharacters))
  const block = {
    type: 'data_visualization',
    title: cut(title, 50),
    chart: {
      type,
      series: series.map(({ name, values }) => ({
        name: cut(name, maxCharacters),
        data: labels.map((label, i) => ({ label, value: values[i] ?? 0 })),
      })),
      axis_config: { categories: labels },
    },
  }
  // @slack/types 3.2.0 has no type for this block yet.
  return block as unknown as KnownBlock
}
