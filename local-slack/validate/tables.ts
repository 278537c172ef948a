import { z } from 'zod'
import { richText } from './rich-text.ts'
import { blockId, characters } from './texts.ts'

const rawText = z.strictObject({ type: z.literal('raw_text'), text: characters(Number.POSITIVE_INFINITY) })
const rawNumber = z.strictObject({
  type: z.literal('raw_number'),
  value: z.number(),
  text: characters(255).optional(),
})
const cell = z.discriminatedUnion('type', [rawText, rawNumber, richText])
const headerCell = z.discriminatedUnion('type', [rawText, rawNumber])

/** All cells of a message's tables together may hold this many characters. */
export const tableCharacters = 10_000

/** https://docs.slack.dev/reference/block-kit/blocks/table-block */
export const table = z.strictObject({
  type: z.literal('table'),
  block_id: blockId,
  rows: z.array(z.array(cell).max(20)).min(1).max(100),
  column_settings: z
    .array(
      z
        .strictObject({
          align: z.enum(['left', 'center', 'right']).optional(),
          is_wrapped: z.boolean().optional(),
        })
        .nullable(),
    )
    .max(20)
    .optional(),
})

function isRectangular(block: { rows: unknown[][] }): boolean {
  return block.rows.every((row) => row.length === block.rows[0]!.length)
}

/** https://docs.slack.dev/reference/block-kit/blocks/data-table-block: a header row and up to 100 more. */
export const dataTable = z
  .strictObject({
    type: z.literal('data_table'),
    block_id: blockId,
    caption: characters(Number.POSITIVE_INFINITY),
    rows: z
      .tuple([z.array(headerCell).min(1).max(20)])
      .rest(z.array(cell).min(1).max(20))
      .refine((rows) => rows.length >= 2, 'must be more than 1 items')
      .refine((rows) => rows.length <= 101, 'no more than 101 items allowed'),
    page_size: z.int().min(1).max(100).optional(),
    row_header_column_index: z.int().min(0).optional(),
  })
  .refine(isRectangular, 'all rows must have the same number of values')
