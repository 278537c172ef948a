import { useId } from 'react'
import { type TextLike, TextObject } from '../text.tsx'
import { type ControlProps, naming, useControl } from './control.tsx'

type Choice = { text: TextLike; value?: string; description?: TextLike }

/** Checkboxes or radio buttons, one below the other. */
export function Choices(props: ControlProps) {
  const { value, change } = useControl(props)
  const group = useId()
  const many = props.element.type === 'checkboxes'
  const chosen = Array.isArray(value) ? value : value === null ? [] : [value]
  const toggle = (one: string, on: boolean) => {
    if (!many) return change(one)
    const order = (props.element.options as Choice[]).map((choice) => choice.value ?? '')
    change(order.filter((each) => (each === one ? on : chosen.includes(each))))
  }
  // The field's label names the group; pointed at the first choice, it would become part of that choice's name.
  const { 'aria-required': required, ...names } = naming(props)
  return (
    <div className="choices" role={many ? 'group' : 'radiogroup'} {...names}>
      {(props.element.options as Choice[]).map((choice) => (
        <label key={choice.value} className="choice">
          <input
            className="choice-box"
            type={many ? 'checkbox' : 'radio'}
            required={required && !many}
            name={group}
            checked={chosen.includes(choice.value ?? '')}
            onChange={(event) => toggle(choice.value ?? '', event.target.checked)}
          />
          <span className="choice-text">
            <TextObject text={choice.text} />
            {choice.description && (
              <span className="choice-description">
                <TextObject text={choice.description} />
              </span>
            )}
          </span>
        </label>
      ))}
    </div>
  )
}
