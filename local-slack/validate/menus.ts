import { z } from 'zod'
import {
  choiceOption,
  hasOneListOfOptions,
  initialIsOffered,
  menuOption,
  notOffered,
  oneListOfOptions,
  optionGroup,
  overflowOption,
  sameValueTwice,
  valuesAreUnique,
} from './options.ts'
import { actionId, characters, confirm, plainText } from './texts.ts'

const common = {
  action_id: actionId,
  confirm: confirm.optional(),
  focus_on_load: z.boolean().optional(),
  placeholder: plainText(150).optional(),
}
const several = { max_selected_items: z.int().min(1).optional() }
const choices = {
  options: z.array(menuOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
}
const filter = z
  .strictObject({
    include: z
      .array(z.enum(['im', 'mpim', 'private', 'public']))
      .min(1)
      .optional(),
    exclude_external_shared_channels: z.boolean().optional(),
    exclude_bot_users: z.boolean().optional(),
  })
  .optional()
const ids = z.array(characters(255)).optional()
const id = characters(255).optional()
const conversations = {
  default_to_current_conversation: z.boolean().optional(),
  filter,
}

const staticSelect = z
  .strictObject({
    type: z.literal('static_select'),
    ...common,
    ...choices,
    initial_option: menuOption.optional(),
  })
  .refine(hasOneListOfOptions, oneListOfOptions)
  .refine(initialIsOffered, notOffered)

const multiStaticSelect = z
  .strictObject({
    type: z.literal('multi_static_select'),
    ...common,
    ...several,
    ...choices,
    initial_options: z.array(menuOption).min(1).max(100).optional(),
  })
  .refine(hasOneListOfOptions, oneListOfOptions)
  .refine(initialIsOffered, notOffered)

const externalSelect = z.strictObject({
  type: z.literal('external_select'),
  ...common,
  initial_option: menuOption.optional(),
  min_query_length: z.int().min(0).optional(),
})

const multiExternalSelect = z.strictObject({
  type: z.literal('multi_external_select'),
  ...common,
  ...several,
  initial_options: z.array(menuOption).min(1).optional(),
  min_query_length: z.int().min(0).optional(),
})

export const menus = [
  staticSelect,
  multiStaticSelect,
  externalSelect,
  multiExternalSelect,
  z.strictObject({ type: z.literal('users_select'), ...common, initial_user: id }),
  z.strictObject({ type: z.literal('multi_users_select'), ...common, ...several, initial_users: ids }),
  z.strictObject({
    type: z.literal('conversations_select'),
    ...common,
    ...conversations,
    initial_conversation: id,
    response_url_enabled: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('multi_conversations_select'),
    ...common,
    ...several,
    ...conversations,
    initial_conversations: ids,
  }),
  z.strictObject({
    type: z.literal('channels_select'),
    ...common,
    initial_channel: id,
    response_url_enabled: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('multi_channels_select'), ...common, ...several, initial_channels: ids }),
] as const

export const overflow = z
  .strictObject({
    type: z.literal('overflow'),
    action_id: actionId,
    options: z.array(overflowOption).min(1).max(5),
    confirm: confirm.optional(),
  })
  .refine(valuesAreUnique, sameValueTwice)

const choice = {
  action_id: actionId,
  options: z.array(choiceOption).min(1).max(10),
  confirm: confirm.optional(),
  focus_on_load: z.boolean().optional(),
}

export const checkboxes = z
  .strictObject({
    type: z.literal('checkboxes'),
    ...choice,
    initial_options: z.array(choiceOption).min(1).max(10).optional(),
  })
  .refine(initialIsOffered, notOffered)
  .refine(valuesAreUnique, sameValueTwice)

export const radioButtons = z
  .strictObject({ type: z.literal('radio_buttons'), ...choice, initial_option: choiceOption.optional() })
  .refine(initialIsOffered, notOffered)
  .refine(valuesAreUnique, sameValueTwice)
