import { z } from 'zod'
import { richText } from './rich-text.ts'
import { address, blockId, characters } from './texts.ts'

const taskFields = {
  type: z.literal('task_card'),
  block_id: blockId,
  task_id: characters(255),
  title: characters(3000),
  details: richText.optional(),
  output: richText.optional(),
  sources: z
    .array(z.strictObject({ type: z.literal('url'), url: address, text: characters(3000) }))
    .optional(),
  status: z.enum(['pending', 'in_progress', 'complete', 'error']).optional(),
}

/** https://docs.slack.dev/reference/block-kit/blocks/task-card-block */
export const taskCard = z.strictObject(taskFields)

/** https://docs.slack.dev/reference/block-kit/blocks/plan-block */
export const plan = z.strictObject({
  type: z.literal('plan'),
  block_id: blockId,
  title: characters(3000),
  tasks: z.array(taskCard).max(50).optional(),
})

export const markdown = z.strictObject({
  type: z.literal('markdown'),
  block_id: blockId,
  text: characters(12_000),
})
