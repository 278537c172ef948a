import { Icon } from '../icons.tsx'
import { PlainText, type TextLike } from '../text.tsx'
import type { ControlProps } from './control.tsx'
import { useControl } from './control.tsx'
import { Menu } from './menu.tsx'

type Choice = { text: TextLike; value?: string; url?: string }

/** The three dots. */
export function Overflow(props: ControlProps) {
  const { surface, busy } = useControl(props)
  const choose = (choice: Choice) => {
    if (choice.url) window.open(choice.url, '_blank', 'noreferrer')
    surface.click(props.blockId, props.element, choice.value ?? '')
  }
  return (
    <Menu
      label={props.label ? `More actions for ${props.label}` : 'More actions'}
      className={busy ? 'button overflow waiting' : 'button overflow'}
      button={<Icon name="dots" />}
      align="end"
      items={(props.element.options as Choice[]).map((choice, index) => ({
        key: `${index}`,
        content: <PlainText text={choice.text} />,
        choose: () => choose(choice),
      }))}
    />
  )
}
