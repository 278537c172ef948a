import { z } from 'zod'
import { blockId, characters } from './texts.ts'

const style = z
  .strictObject({
    bold: z.boolean().optional(),
    italic: z.boolean().optional(),
    strike: z.boolean().optional(),
    code: z.boolean().optional(),
    underline: z.boolean().optional(),
    highlight: z.boolean().optional(),
    client_highlight: z.boolean().optional(),
    unlink: z.boolean().optional(),
  })
  .optional()

const leaf = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: characters(Number.POSITIVE_INFINITY), style }),
  z.strictObject({
    type: z.literal('link'),
    url: characters(3000),
    text: z.string().optional(),
    unsafe: z.boolean().optional(),
    style,
  }),
  z.strictObject({
    type: z.literal('emoji'),
    name: characters(255),
    unicode: z.string().optional(),
    skin_tone: z.int().optional(),
    style,
  }),
  z.strictObject({ type: z.literal('user'), user_id: characters(255), style }),
  z.strictObject({ type: z.literal('usergroup'), usergroup_id: characters(255), style }),
  z.strictObject({ type: z.literal('channel'), channel_id: characters(255), style }),
  z.strictObject({ type: z.literal('team'), team_id: characters(255), style }),
  z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']), style }),
  z.strictObject({ type: z.literal('color'), value: characters(255), style }),
  z.strictObject({
    type: z.literal('date'),
    timestamp: z.int(),
    format: characters(3000),
    url: z.string().optional(),
    fallback: z.string().optional(),
    style,
  }),
])

const border = z.literal([0, 1]).optional()
const section = z.strictObject({ type: z.literal('rich_text_section'), elements: z.array(leaf) })

/** https://docs.slack.dev/reference/block-kit/blocks/rich-text-block */
export const richText = z.strictObject({
  type: z.literal('rich_text'),
  block_id: blockId,
  elements: z.array(
    z.discriminatedUnion('type', [
      section,
      z.strictObject({
        type: z.literal('rich_text_list'),
        style: z.enum(['bullet', 'ordered']),
        elements: z.array(section),
        indent: z.int().min(0).max(8).optional(),
        offset: z.int().min(0).optional(),
        border,
      }),
      z.strictObject({ type: z.literal('rich_text_quote'), elements: z.array(leaf), border }),
      z.strictObject({
        type: z.literal('rich_text_preformatted'),
        elements: z.array(leaf),
        border,
        language: z.string().optional(),
      }),
    ]),
  ),
})
