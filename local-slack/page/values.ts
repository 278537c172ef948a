import type { InputValue, InputValues } from '../contract.ts'

/** A block or element as it came over the wire; which fields it has depends on its type. */
export type Loose = { type: string; block_id?: string; action_id?: string; [field: string]: unknown }

type Choice = { value?: string }

/** The value that an element starts with, or undefined if it holds none (a button, an image). */
function initialValue(element: Loose): InputValue | undefined {
  switch (element.type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return (element.initial_value as string | undefined) ?? null
    case 'rich_text_input':
      return element.initial_value === undefined ? null : JSON.stringify(element.initial_value)
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return (element.initial_option as Choice | undefined)?.value ?? null
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return ((element.initial_options as Choice[] | undefined) ?? []).map(({ value }) => value ?? '')
    case 'users_select':
      return (element.initial_user as string | undefined) ?? null
    case 'multi_users_select':
      return (element.initial_users as string[] | undefined) ?? []
    case 'conversations_select':
      return (element.initial_conversation as string | undefined) ?? null
    case 'multi_conversations_select':
      return (element.initial_conversations as string[] | undefined) ?? []
    case 'channels_select':
      return (element.initial_channel as string | undefined) ?? null
    case 'multi_channels_select':
      return (element.initial_channels as string[] | undefined) ?? []
    case 'datepicker':
      return (element.initial_date as string | undefined) ?? null
    case 'timepicker':
      return (element.initial_time as string | undefined) ?? null
    case 'datetimepicker':
      return element.initial_date_time === undefined ? null : String(element.initial_date_time)
    default:
      return undefined
  }
}

/** The controls that stand in a block, wherever it keeps them. */
export function elementsOf(block: Loose): Loose[] {
  if (block.type === 'input') return [block.element as Loose]
  if (block.type === 'section') return block.accessory ? [block.accessory as Loose] : []
  if (block.type === 'actions') return block.elements as Loose[]
  return []
}

/**
 * The values of every control of a place at this moment: what was typed here, else what the server
 * knows, else what the element starts with. Typed values of blocks that are gone are left out.
 */
export function collectValues(blocks: Loose[], typed: InputValues, known: InputValues = {}): InputValues {
  const out: InputValues = {}
  for (const block of flatten(blocks)) {
    for (const element of elementsOf(block)) {
      const value = currentValue(block.block_id ?? '', element, typed, known)
      if (value === undefined) continue
      const held = out[block.block_id ?? ''] ?? {}
      held[element.action_id ?? ''] = value
      out[block.block_id ?? ''] = held
    }
  }
  return out
}

/** One control's value; undefined if the element holds none. */
export function currentValue(
  blockId: string,
  element: Loose,
  typed: InputValues,
  known: InputValues = {},
): InputValue | undefined {
  const initial = initialValue(element)
  if (initial === undefined) return undefined
  const action = element.action_id ?? ''
  const here = typed[blockId]?.[action]
  const value = here !== undefined ? here : (known[blockId]?.[action] ?? initial)
  return withinOptions(element, value)
}

/** A choice that an updated view no longer offers is not a value any more. */
function withinOptions(element: Loose, value: InputValue): InputValue {
  const options = optionsOf(element)
  if (!options) return value
  if (Array.isArray(value)) return value.filter((one) => options.includes(one))
  return value !== null && options.includes(value) ? value : null
}

function optionsOf(element: Loose): string[] | undefined {
  const groups = element.option_groups as { options: Choice[] }[] | undefined
  const options = (element.options as Choice[] | undefined) ?? groups?.flatMap((group) => group.options)
  return options?.map(({ value }) => value ?? '')
}

function flatten(blocks: Loose[]): Loose[] {
  return blocks.flatMap((block) =>
    block.type === 'container' ? flatten(block.child_blocks as Loose[]) : [block],
  )
}
