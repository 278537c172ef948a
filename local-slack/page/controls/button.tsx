import { useSurface } from '../surface.tsx'
import { PlainText, type TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'

type Props = { blockId: string; element: Loose; value?: string }

/** A button posts its action; one with an address also opens it, as in Slack. */
export function ButtonView({ blockId, element, value }: Props) {
  const { click, busy } = useSurface()
  const waiting = busy === `${blockId}/${element.action_id}`
  const act = () => {
    if (typeof element.url === 'string') window.open(element.url, '_blank', 'noreferrer')
    click(blockId, element, value)
  }
  return (
    <button
      type="button"
      className={['button', element.style, waiting && 'waiting'].filter(Boolean).join(' ')}
      aria-label={element.accessibility_label as string | undefined}
      aria-busy={waiting}
      onClick={() => !waiting && act()}
    >
      <span className="button-text" dir="auto">
        <PlainText text={element.text as TextLike} />
      </span>
    </button>
  )
}
