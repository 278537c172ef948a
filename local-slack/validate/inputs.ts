import { z } from 'zod'
import { richText } from './rich-text.ts'
import { actionId, characters, confirm, plainText } from './texts.ts'

const focus = { focus_on_load: z.boolean().optional() }
const placeholder = { placeholder: plainText(150).optional() }
const dispatch = {
  dispatch_action_config: z
    .strictObject({
      trigger_actions_on: z
        .array(z.enum(['on_enter_pressed', 'on_character_entered']))
        .min(1)
        .max(2)
        .optional(),
    })
    .optional(),
}

export const plainTextInput = z
  .strictObject({
    type: z.literal('plain_text_input'),
    action_id: actionId,
    initial_value: z.string().max(3000).optional(),
    multiline: z.boolean().optional(),
    min_length: z.int().min(0).max(3000).optional(),
    max_length: z.int().min(1).max(3000).optional(),
    ...dispatch,
    ...focus,
    ...placeholder,
  })
  .refine((e) => (e.min_length ?? 0) <= (e.max_length ?? 3000), '`min_length` must not exceed `max_length`')

function line(type: 'email_text_input' | 'url_text_input') {
  return z.strictObject({
    type: z.literal(type),
    action_id: actionId,
    initial_value: characters(3000).optional(),
    ...dispatch,
    ...focus,
    ...placeholder,
  })
}
export const emailInput = line('email_text_input')
export const urlInput = line('url_text_input')

const numeral = z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a number')

export const numberInput = z
  .strictObject({
    type: z.literal('number_input'),
    action_id: actionId,
    is_decimal_allowed: z.boolean(),
    initial_value: numeral.optional(),
    min_value: numeral.optional(),
    max_value: numeral.optional(),
    ...dispatch,
    ...focus,
    ...placeholder,
  })
  .refine(
    (e) =>
      e.min_value === undefined || e.max_value === undefined || Number(e.min_value) <= Number(e.max_value),
    '`min_value` must not exceed `max_value`',
  )

export const fileInput = z.strictObject({
  type: z.literal('file_input'),
  action_id: actionId,
  filetypes: z.array(characters(255)).optional(),
  max_files: z.int().min(1).max(10).optional(),
})

export const richTextInput = z.strictObject({
  type: z.literal('rich_text_input'),
  action_id: actionId,
  initial_value: richText.optional(),
  min_lines: z.int().min(1).max(100).optional(),
  max_lines: z.int().min(1).max(100).optional(),
  ...dispatch,
  ...focus,
  ...placeholder,
})

export const datepicker = z.strictObject({
  type: z.literal('datepicker'),
  action_id: actionId,
  initial_date: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be YYYY-MM-DD')
    .optional(),
  confirm: confirm.optional(),
  ...focus,
  ...placeholder,
})

export const timepicker = z.strictObject({
  type: z.literal('timepicker'),
  action_id: actionId,
  initial_time: z
    .string()
    .regex(/^\d{2}:\d{2}$/, 'must be HH:mm')
    .optional(),
  timezone: characters(255).optional(),
  confirm: confirm.optional(),
  ...focus,
  ...placeholder,
})

export const datetimepicker = z.strictObject({
  type: z.literal('datetimepicker'),
  action_id: actionId,
  initial_date_time: z.int().min(1_000_000_000).max(9_999_999_999).optional(),
  confirm: confirm.optional(),
  ...focus,
})
