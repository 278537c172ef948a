import type { InputValue } from '../../contract.ts'
import { useSurface } from '../surface.tsx'
import { currentValue, type Loose } from '../values.ts'
import { ButtonView } from './button.tsx'
import { Choices } from './choices.tsx'
import { DateInput } from './date-input.tsx'
import { Overflow } from './overflow.tsx'
import { SelectControl } from './select-control.tsx'
import { TextInput } from './text-input.tsx'

export type ControlProps = {
  blockId: string
  element: Loose
  /** posts an action whenever the value changes */
  dispatch: boolean
  /** what the control is about where it has no visible label of its own */
  label?: string
  id?: string
  labelledBy?: string
  describedBy?: string | undefined
  invalid?: boolean
  required?: boolean
}

/** One interactive element of Block Kit. */
export function Control(props: ControlProps) {
  const { element } = props
  if (element.type === 'button' || element.type === 'workflow_button' || element.type === 'icon_button') {
    return <ButtonView {...props} />
  }
  if (element.type === 'overflow') return <Overflow {...props} />
  if (element.type === 'checkboxes' || element.type === 'radio_buttons') return <Choices {...props} />
  if (/_select$/.test(element.type)) return <SelectControl {...props} />
  if (/picker$/.test(element.type)) return <DateInput {...props} />
  if (/_input$/.test(element.type) && element.type !== 'file_input') return <TextInput {...props} />
  return <p className="field-hint">The local Slack has no {element.type.replaceAll('_', ' ')}.</p>
}

/** A control's value and how it changes; a change is also posted where the element dispatches. */
export function useControl({ blockId, element, dispatch }: ControlProps) {
  const surface = useSurface()
  const value = currentValue(blockId, element, surface.typed, surface.known) ?? null
  const change = (next: InputValue) => {
    if (dispatch) surface.click(blockId, element, next)
    else surface.type(blockId, element.action_id ?? '', next)
  }
  return { value, change, surface, busy: surface.busy === `${blockId}/${element.action_id}` }
}

/** The naming attributes that every kind of field shares. */
export function naming(props: ControlProps) {
  const { id, label, labelledBy, describedBy, invalid, required, element } = props
  const placeholder = (element.placeholder as { text: string } | undefined)?.text
  return {
    id,
    'aria-labelledby': labelledBy,
    'aria-label': labelledBy
      ? undefined
      : ((element.accessibility_label as string | undefined) ?? placeholder ?? label),
    'aria-describedby': describedBy,
    'aria-invalid': invalid || undefined,
    'aria-required': required || undefined,
  }
}
