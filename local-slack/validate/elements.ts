import { z } from 'zod'
import {
  datepicker,
  datetimepicker,
  emailInput,
  fileInput,
  numberInput,
  plainTextInput,
  richTextInput,
  timepicker,
  urlInput,
} from './inputs.ts'
import { checkboxes, menus, overflow, radioButtons } from './menus.ts'
import { actionId, address, characters, confirm, imageElement, plainText } from './texts.ts'

/** Where blocks may stand. */
export type Surface = 'message' | 'modal' | 'home'

const buttonFields = {
  type: z.literal('button'),
  action_id: actionId,
  text: plainText(75),
  value: z.string().max(2000).optional(),
  url: address.optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: confirm.optional(),
  accessibility_label: characters(75).optional(),
}
export const button = z.strictObject(buttonFields)

const workflowButton = z.strictObject({
  type: z.literal('workflow_button'),
  action_id: actionId,
  text: plainText(75),
  workflow: z.looseObject({ trigger: z.looseObject({ url: address }) }),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: characters(75).optional(),
})

const feedbackButton = z.strictObject({
  text: plainText(75),
  value: characters(2000),
  accessibility_label: characters(75).optional(),
})

/** The elements of a context_actions block. */
export const contextAction = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('feedback_buttons'),
    action_id: actionId,
    positive_button: feedbackButton,
    negative_button: feedbackButton,
  }),
  z.strictObject({
    type: z.literal('icon_button'),
    action_id: actionId,
    icon: z.literal('trash'),
    text: plainText(75),
    value: characters(2000).optional(),
    confirm: confirm.optional(),
    accessibility_label: characters(75).optional(),
    visible_to_user_ids: z.array(characters(255)).max(10).optional(),
  }),
])

const choosers = [...menus, checkboxes, radioButtons, datepicker, timepicker] as const

export const sectionAccessory = z.discriminatedUnion('type', [
  button,
  workflowButton,
  imageElement,
  overflow,
  ...choosers,
])

const anywhere = [button, workflowButton, overflow, ...choosers] as const

/** Elements of an actions block; the date and time picker does not work in Home. */
export function actionsElement(surface: Surface) {
  return surface === 'home'
    ? z.discriminatedUnion('type', anywhere)
    : z.discriminatedUnion('type', [...anywhere, datetimepicker])
}

/** Elements of an input block: email, URL, number and file only in modals, rich text not in messages. */
export function inputElement(surface: Surface) {
  if (surface === 'message')
    return z.discriminatedUnion('type', [plainTextInput, datetimepicker, ...choosers])
  if (surface === 'home') return z.discriminatedUnion('type', [plainTextInput, richTextInput, ...choosers])
  return z.discriminatedUnion('type', [
    plainTextInput,
    datetimepicker,
    richTextInput,
    emailInput,
    urlInput,
    numberInput,
    fileInput,
    ...choosers,
  ])
}
