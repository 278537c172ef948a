import { z } from 'zod'
import { address, anyText, characters, plainText } from './texts.ts'

/** An option of a menu: plain text only. */
export const menuOption = z.strictObject({
  text: plainText(75),
  value: characters(75),
  description: plainText(75).optional(),
})

/** An option of an overflow menu may also be a link. */
export const overflowOption = z.strictObject({
  text: plainText(75),
  value: characters(75),
  description: plainText(75).optional(),
  url: address.optional(),
})

/** Checkboxes and radio buttons may use mrkdwn. */
export const choiceOption = z.strictObject({
  text: anyText(75),
  value: characters(75),
  description: anyText(75).optional(),
})

export const optionGroup = z.strictObject({
  label: plainText(75),
  options: z.array(menuOption).min(1).max(100),
})

type Option = { text: { text: string }; value: string }
type WithOptions = {
  options?: Option[]
  option_groups?: { options: Option[] }[]
  initial_option?: Option
  initial_options?: Option[]
}

/** Slack wants each initial option to be one of the options, text included. */
export function initialIsOffered(element: WithOptions): boolean {
  const offered = [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((g) => g.options)]
  const initial = [
    ...(element.initial_options ?? []),
    ...(element.initial_option ? [element.initial_option] : []),
  ]
  return initial.every((one) => offered.some((o) => o.value === one.value && o.text.text === one.text.text))
}

export function hasOneListOfOptions(element: WithOptions): boolean {
  return (element.options === undefined) !== (element.option_groups === undefined)
}

export function valuesAreUnique(element: WithOptions): boolean {
  const values = (element.options ?? []).map((option) => option.value)
  return new Set(values).size === values.length
}

export const notOffered = '`initial_option(s)` must exactly match an option in `options` or `option_groups`'
export const oneListOfOptions = 'must define either `options` or `option_groups`'
export const sameValueTwice = 'option values must be unique'
