import { z } from 'zod'
import { markdown, plan, taskCard } from './agent-blocks.ts'
import { dataVisualization } from './charts.ts'
import {
  actionsElement,
  button,
  contextAction,
  inputElement,
  type Surface,
  sectionAccessory,
} from './elements.ts'
import { richText } from './rich-text.ts'
import { dataTable, table } from './tables.ts'
import {
  address,
  anyText,
  blockId,
  characters,
  imageBlock,
  imageElement,
  mrkdwn,
  plainText,
} from './texts.ts'

const section = z
  .strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: anyText(3000).optional(),
    fields: z.array(anyText(2000)).min(1).max(10).optional(),
    accessory: sectionAccessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine(
    (block) => block.text !== undefined || block.fields !== undefined,
    'must define either `text` or `fields`',
  )

const context = z.strictObject({
  type: z.literal('context'),
  block_id: blockId,
  elements: z
    .array(z.discriminatedUnion('type', [plainText(3000), mrkdwn(3000), imageElement]))
    .min(1)
    .max(10),
})

const divider = z.strictObject({ type: z.literal('divider'), block_id: blockId })
const header = z.strictObject({ type: z.literal('header'), block_id: blockId, text: plainText(150) })

const video = z.strictObject({
  type: z.literal('video'),
  block_id: blockId,
  video_url: address,
  thumbnail_url: address,
  alt_text: characters(2000),
  title: plainText(199),
  title_url: address.optional(),
  author_name: characters(49).optional(),
  provider_name: characters(49).optional(),
  provider_icon_url: address.optional(),
  description: plainText(200).optional(),
})

const alert = z.strictObject({
  type: z.literal('alert'),
  block_id: blockId,
  text: anyText(200),
  level: z.enum(['default', 'info', 'warning', 'error', 'success']).optional(),
})

const card = z
  .strictObject({
    type: z.literal('card'),
    block_id: blockId,
    hero_image: imageElement.optional(),
    icon: imageElement.optional(),
    title: anyText(150).optional(),
    subtitle: anyText(150).optional(),
    body: anyText(200).optional(),
    subtext: anyText(200).optional(),
    actions: z.array(button).min(1).max(3).optional(),
  })
  .refine(
    (one) => one.hero_image || one.title || one.body || one.actions,
    'must define at least one of `hero_image`, `title`, `actions` or `body`',
  )

const carousel = z.strictObject({
  type: z.literal('carousel'),
  block_id: blockId,
  elements: z.array(card).min(1).max(10),
})

const contextActions = z.strictObject({
  type: z.literal('context_actions'),
  block_id: blockId,
  elements: z.array(contextAction).min(1).max(5),
})

function actions(surface: Surface) {
  return z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z.array(actionsElement(surface)).min(1).max(25),
  })
}

function input(surface: Surface) {
  return z.strictObject({
    type: z.literal('input'),
    block_id: blockId,
    label: plainText(2000),
    hint: plainText(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
    element: inputElement(surface),
  })
}

function everywhere(surface: Surface) {
  return [
    section,
    context,
    divider,
    header,
    imageBlock,
    video,
    richText,
    actions(surface),
    input(surface),
  ] as const
}

const container = z
  .strictObject({
    type: z.literal('container'),
    block_id: blockId,
    title: plainText(150).optional(),
    rich_text_title: richText.optional(),
    subtitle: anyText(150).optional(),
    icon: imageElement.optional(),
    child_blocks: z
      .array(z.discriminatedUnion('type', [...everywhere('message'), table]))
      .min(1)
      .max(10),
    width: z.enum(['narrow', 'standard', 'wide', 'full']).optional(),
    is_collapsible: z.boolean().optional(),
    default_collapsed: z.boolean().optional(),
    has_header_divider: z.boolean().optional(),
  })
  .refine((block) => block.title || block.rich_text_title, 'must define either `title` or `rich_text_title`')
  .refine(
    (block) => !block.default_collapsed || block.is_collapsible,
    '`default_collapsed` requires `is_collapsible`',
  )

const messageOnly = [
  table,
  dataTable,
  dataVisualization,
  markdown,
  plan,
  taskCard,
  contextActions,
  container,
] as const

const message = z
  .array(z.discriminatedUnion('type', [...everywhere('message'), ...messageOnly, card, carousel]))
  .max(50)
const modal = z
  .array(z.discriminatedUnion('type', [...everywhere('modal'), alert]))
  .min(1)
  .max(100)
const home = z.array(z.discriminatedUnion('type', [...everywhere('home'), card, carousel])).max(100)

/** Which blocks each surface takes, and how many. */
export const blocksOn = { message, modal, home } satisfies Record<Surface, z.ZodType>
