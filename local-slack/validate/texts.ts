import { z } from 'zod'

/** A string of `min` to `max` characters. */
export function characters(max: number, min = 1) {
  return z.string().min(min).max(max)
}

export function plainText(max: number, min = 1) {
  return z.strictObject({
    type: z.literal('plain_text'),
    text: characters(max, min),
    emoji: z.boolean().optional(),
  })
}

export function mrkdwn(max: number, min = 1) {
  return z.strictObject({
    type: z.literal('mrkdwn'),
    text: characters(max, min),
    verbatim: z.boolean().optional(),
  })
}

export function anyText(max: number, min = 1) {
  return z.discriminatedUnion('type', [plainText(max, min), mrkdwn(max, min)])
}

export const blockId = characters(255).optional()
export const actionId = characters(255).optional()
export const address = z
  .string()
  .regex(/^https?:\/\//, 'invalid url')
  .max(3000)

/** https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object */
export const confirm = z.strictObject({
  title: plainText(100),
  text: anyText(300),
  confirm: plainText(30),
  deny: plainText(30),
  style: z.enum(['primary', 'danger']).optional(),
})

const slackFile = z
  .strictObject({
    id: z
      .string()
      .regex(/^F[A-Z0-9]{8,}$/, 'input must match regex pattern: ^[F][A-Z0-9]{8,}$')
      .optional(),
    url: address.optional(),
  })
  .refine((file) => (file.id === undefined) !== (file.url === undefined), 'must define either `id` or `url`')

const imageFields = {
  type: z.literal('image'),
  alt_text: characters(2000),
  image_url: address.optional(),
  slack_file: slackFile.optional(),
}

function hasOneSource(image: { image_url?: unknown; slack_file?: unknown }): boolean {
  return (image.image_url === undefined) !== (image.slack_file === undefined)
}

const oneSource = 'must define either `image_url` or `slack_file`'

export const imageElement = z.strictObject(imageFields).refine(hasOneSource, oneSource)

export const imageBlock = z
  .strictObject({ ...imageFields, block_id: blockId, title: plainText(2000).optional() })
  .refine(hasOneSource, oneSource)
