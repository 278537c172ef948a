import { useEffect, useRef } from 'react'
import { type ControlProps, naming, useControl } from './control.tsx'

const TYPES: Record<string, string> = { email_text_input: 'email', url_text_input: 'url' }
const PAUSE_MS = 400

/** Every kind of typed text. Dispatches on Enter, or after a pause in typing where the app asked for it. */
export function TextInput(props: ControlProps) {
  const { element, blockId, dispatch } = props
  const { value, surface } = useControl(props)
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(pause.current), [])
  const triggers = (element.dispatch_action_config as { trigger_actions_on?: string[] } | undefined)
    ?.trigger_actions_on ?? ['on_enter_pressed']

  const type = (text: string) => {
    surface.type(blockId, element.action_id ?? '', text || null)
    clearTimeout(pause.current)
    if (dispatch && triggers.includes('on_character_entered')) {
      pause.current = setTimeout(() => surface.click(blockId, element, text || null), PAUSE_MS)
    }
  }
  const multiline = element.multiline === true || element.type === 'rich_text_input'
  const field = {
    ...naming(props),
    className: 'text-field',
    dir: 'auto',
    value: (value as string | null) ?? '',
    placeholder: (element.placeholder as { text: string } | undefined)?.text,
    autoComplete: 'off',
    autoFocus: element.focus_on_load === true,
    'data-focus-on-load': element.focus_on_load === true || undefined,
    onChange: (event: { target: { value: string } }) => type(event.target.value),
    onKeyDown: (event: React.KeyboardEvent) => {
      if (event.key !== 'Enter' || multiline || !dispatch || !triggers.includes('on_enter_pressed')) return
      event.preventDefault()
      surface.click(blockId, element, (value as string | null) ?? null)
    },
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
