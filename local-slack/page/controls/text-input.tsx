import { useEffect, useRef } from 'react'
import { richFromText, textFromRich } from '../rich-typed.ts'
import { type ControlProps, naming, useControl } from './control.tsx'

const TYPES: Record<string, string> = { email_text_input: 'email', url_text_input: 'url' }
const PAUSE_MS = 400

/** Every kind of typed text. Dispatches on Enter, or after a pause in typing where the app asked for it. */
export function TextInput(props: ControlProps) {
  const { element, blockId } = props
  const { value, surface } = useControl(props)
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(pause.current), [])
  const rich = element.type === 'rich_text_input'
  const multiline = element.multiline === true || rich
  const on = triggers(props)

  const type = (text: string) => {
    const next = text === '' ? null : rich ? richFromText(text) : text
    surface.type(blockId, element.action_id ?? '', next)
    clearTimeout(pause.current)
    if (on.character) pause.current = setTimeout(() => surface.click(blockId, element, next), PAUSE_MS)
  }
  const enter = (event: React.KeyboardEvent) => {
    if (event.key !== 'Enter' || multiline || !on.enter) return
    event.preventDefault()
    clearTimeout(pause.current)
    surface.click(blockId, element, value)
  }
  const text = typeof value === 'string' ? value : ''
  const field = {
    ...naming(props),
    className: 'text-field',
    dir: 'auto',
    value: rich && text ? textFromRich(text) : text,
    placeholder: (element.placeholder as { text: string } | undefined)?.text,
    autoComplete: 'off',
    'data-focus-on-load': element.focus_on_load === true || undefined,
    onChange: (event: { target: { value: string } }) => type(event.target.value),
    onKeyDown: enter,
  }
  if (multiline) return <textarea rows={3} {...field} />
  return (
    <input
      type={TYPES[element.type] ?? 'text'}
      inputMode={element.type === 'number_input' ? 'decimal' : undefined}
      {...field}
    />
  )
}

/** When a dispatching text input posts its action; Enter unless the app said otherwise. */
function triggers({ element, dispatch }: ControlProps): { enter: boolean; character: boolean } {
  const config = element.dispatch_action_config as { trigger_actions_on?: string[] } | undefined
  const on = config?.trigger_actions_on ?? ['on_enter_pressed']
  return {
    enter: dispatch && on.includes('on_enter_pressed'),
    character: dispatch && on.includes('on_character_entered'),
  }
}
