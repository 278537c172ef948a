import { ButtonView } from '../controls/button.tsx'
import type { TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'

type Feedback = { text: TextLike; value: string; accessibility_label?: string }

/** Small quiet buttons below a message: a verdict up or down, or an icon. */
export function ContextActionsView({ block }: { block: Loose }) {
  const blockId = block.block_id ?? ''
  return (
    <div className="context-actions">
      {(block.elements as Loose[]).flatMap((element) => {
        if (element.type !== 'feedback_buttons') {
          return <ButtonView key={element.action_id} blockId={blockId} element={element} />
        }
        return ([element.positive_button, element.negative_button] as Feedback[]).map((choice) => (
          <ButtonView
            key={`${element.action_id}/${choice.value}`}
            blockId={blockId}
            element={{ ...element, ...choice }}
            value={choice.value}
          />
        ))
      })}
    </div>
  )
}
