import type { InputValue, InputValues } from './contract.ts'
import { type Control, controlsOf } from './controls.ts'
import { type Fields, fieldsAt, isFields, listAt } from './fields.ts'

type Kind = {
  initial: string
  selected: string
  of: 'one' | 'many'
  value: 'option' | 'plain' | 'number' | 'raw'
}

function kind(initial: string, selected: string, of: Kind['of'], value: Kind['value']): Kind {
  return { initial, selected, of, value }
}

/** Elements that keep a value: where their preset stands, and under what name the payload has it. */
const kinds: Record<string, Kind> = {
  plain_text_input: kind('initial_value', 'value', 'one', 'plain'),
  email_text_input: kind('initial_value', 'value', 'one', 'plain'),
  url_text_input: kind('initial_value', 'value', 'one', 'plain'),
  number_input: kind('initial_value', 'value', 'one', 'plain'),
  rich_text_input: kind('initial_value', 'rich_text_value', 'one', 'raw'),
  datepicker: kind('initial_date', 'selected_date', 'one', 'plain'),
  timepicker: kind('initial_time', 'selected_time', 'one', 'plain'),
  datetimepicker: kind('initial_date_time', 'selected_date_time', 'one', 'number'),
  static_select: kind('initial_option', 'selected_option', 'one', 'option'),
  external_select: kind('initial_option', 'selected_option', 'one', 'option'),
  radio_buttons: kind('initial_option', 'selected_option', 'one', 'option'),
  users_select: kind('initial_user', 'selected_user', 'one', 'plain'),
  conversations_select: kind('initial_conversation', 'selected_conversation', 'one', 'plain'),
  channels_select: kind('initial_channel', 'selected_channel', 'one', 'plain'),
  checkboxes: kind('initial_options', 'selected_options', 'many', 'option'),
  multi_static_select: kind('initial_options', 'selected_options', 'many', 'option'),
  multi_external_select: kind('initial_options', 'selected_options', 'many', 'option'),
  multi_users_select: kind('initial_users', 'selected_users', 'many', 'plain'),
  multi_conversations_select: kind('initial_conversations', 'selected_conversations', 'many', 'plain'),
  multi_channels_select: kind('initial_channels', 'selected_channels', 'many', 'plain'),
}

export function keepsValue(element: Fields): boolean {
  return kinds[String(element.type)] !== undefined
}

/** All options of a menu, those in groups included, and the preset of one that asks the app for options. */
export function optionsOf(element: Fields): Fields[] {
  const grouped = listAt(element, 'option_groups').flatMap((group) => listAt(group, 'options'))
  const initial = element.type === 'external_select' ? [fieldsAt(element, 'initial_option')] : []
  const initials = element.type === 'multi_external_select' ? listAt(element, 'initial_options') : []
  return [...listAt(element, 'options'), ...grouped, ...initial, ...initials]
}

function presetOf(element: Fields): InputValue {
  const { initial, of, value } = kinds[String(element.type)]!
  const preset = element[initial]
  if (preset === undefined || preset === null) return of === 'many' ? [] : null
  if (of === 'many')
    return (preset as unknown[]).map((one) => (isFields(one) ? String(one.value) : String(one)))
  if (value === 'raw') return JSON.stringify(preset)
  return isFields(preset) ? String(preset.value) : String(preset)
}

/** The values with which these blocks start. */
export function presets(blocks: Fields[]): InputValues {
  const values: InputValues = {}
  for (const { blockId, actionId, element } of controlsOf(blocks)) {
    if (keepsValue(element)) values[blockId] = { ...values[blockId], [actionId]: presetOf(element) }
  }
  return values
}

function stillFits(element: Fields, value: InputValue): boolean {
  if (kinds[String(element.type)]?.value !== 'option') return true
  const offered = new Set(optionsOf(element).map((option) => option.value))
  return [value ?? []].flat().every((one) => offered.has(one))
}

/** Values after an update: what was typed stays where block id, action id and type are the same. */
export function carriedOver(before: Fields[], typed: InputValues, after: Fields[]): InputValues {
  const values = presets(after)
  for (const { blockId, actionId, element } of controlsOf(after)) {
    const old = controlsOf(before).find((one) => one.blockId === blockId && one.actionId === actionId)
    const value = typed[blockId]?.[actionId]
    if (old?.element.type === element.type && value !== undefined && stillFits(element, value)) {
      values[blockId] = { ...values[blockId], [actionId]: value }
    }
  }
  return values
}

function payloadValue(element: Fields, value: InputValue): unknown {
  const { of, value: form } = kinds[String(element.type)]!
  const one = (single: string): unknown => {
    if (form === 'option') return optionsOf(element).find((option) => option.value === single) ?? null
    if (form === 'number') return Number(single)
    return form === 'raw' ? JSON.parse(single) : single
  }
  if (of === 'many') return [value ?? []].flat().map(one)
  return value === null || value === undefined || value === '' ? null : one(String(value))
}

/** One element's part of a payload, such as `{type, selected_option}`. */
export function stateOf({ element }: Control, value: InputValue): Fields {
  const { selected } = kinds[String(element.type)]!
  return { type: element.type, [selected]: payloadValue(element, value) }
}

/** `state.values` of a payload. */
export function stateValues(blocks: Fields[], values: InputValues): Fields {
  const state: Record<string, Fields> = {}
  for (const control of controlsOf(blocks)) {
    const { blockId, actionId, element } = control
    if (!keepsValue(element)) continue
    const value = values[blockId]?.[actionId] ?? null
    state[blockId] = { ...state[blockId], [actionId]: stateOf(control, value) }
  }
  return state
}
