import type { InputValue, InputValues } from '../contract.ts'
import { type Control, findControl } from '../controls.ts'
import { type Fields, numberAt, stringAt } from '../fields.ts'
import { keepsValue, optionsOf } from '../inputs.ts'
import { Impossible } from '../refusal.ts'
import type { World } from '../state.ts'

/** A person can only pick what is offered. */
export function checkChoice(world: World, { element, blockId, actionId }: Control, value: InputValue): void {
  const chosen = [value ?? []].flat().filter((one) => one !== '')
  const where = `${blockId}/${actionId}`
  const type = String(element.type)
  const offered = optionsOf(element).map((option) => option.value)
  const needsOption = /static_select|checkboxes|radio_buttons|overflow/.test(type)
  for (const one of chosen) {
    if (needsOption && !offered.includes(one)) throw new Impossible(`${where} offers no option "${one}"`)
    if (type.includes('users_select') && !world.people.has(one))
      throw new Impossible(`There is no person ${one}`)
    if (/(conversations|channels)_select/.test(type) && !world.channels.has(one)) {
      throw new Impossible(`There is no channel ${one}`)
    }
  }
  const max = numberAt(element, 'max_selected_items')
  if (max !== undefined && chosen.length > max) throw new Impossible(`${where} takes at most ${max}`)
  if (type.startsWith('multi_') || type === 'checkboxes') return
  if (Array.isArray(value)) throw new Impossible(`${where} takes one value`)
}

/** Values after a person typed into inputs of these blocks. Throws for an input that is not there. */
export function typedInto(
  world: World,
  blocks: Fields[],
  before: InputValues,
  typed: InputValues,
): InputValues {
  const values = structuredClone(before)
  for (const [blockId, byAction] of Object.entries(typed)) {
    for (const [actionId, value] of Object.entries(byAction)) {
      const control = findControl(blocks, blockId, actionId)
      if (!control || !keepsValue(control.element))
        throw new Impossible(`There is no input ${blockId}/${actionId}`)
      checkChoice(world, control, value)
      values[blockId] = { ...values[blockId], [actionId]: value }
    }
  }
  return values
}

function numberProblem(element: Fields, value: string): string | undefined {
  const pattern = element.is_decimal_allowed === true ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/
  if (!pattern.test(value))
    return element.is_decimal_allowed === true ? 'Enter a number.' : 'Enter a whole number.'
  const min = stringAt(element, 'min_value')
  const max = stringAt(element, 'max_value')
  if (min !== undefined && Number(value) < Number(min)) return `Enter a number of at least ${min}.`
  if (max !== undefined && Number(value) > Number(max)) return `Enter a number of at most ${max}.`
  return undefined
}

function lengthProblem(element: Fields, value: string): string | undefined {
  const min = numberAt(element, 'min_length') ?? 0
  const max = numberAt(element, 'max_length') ?? 3000
  if (value.length < min) return `This field needs at least ${min} characters.`
  return value.length > max ? `This field takes at most ${max} characters.` : undefined
}

function formatProblem(element: Fields, value: string): string | undefined {
  switch (element.type) {
    case 'plain_text_input':
      return lengthProblem(element, value)
    case 'number_input':
      return numberProblem(element, value)
    case 'email_text_input':
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value) ? undefined : 'Enter a valid email address.'
    case 'url_text_input':
      return /^https?:\/\/\S+$/.test(value) ? undefined : 'Enter a valid URL.'
    case 'datepicker':
      return /^\d{4}-\d{2}-\d{2}$/.test(value) ? undefined : 'Enter a date.'
    default:
      return undefined
  }
}

/** The complaint of Slack's own client about an input, before anything is sent; undefined when there is none. */
export function clientProblem({ block, element }: Control, value: InputValue): string | undefined {
  const isEmpty = value === null || value === undefined || value.length === 0
  if (isEmpty) return block.optional === true ? undefined : 'Please complete this required field.'
  return typeof value === 'string' ? formatProblem(element, value) : undefined
}
