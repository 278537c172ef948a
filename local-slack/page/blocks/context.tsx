import { type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'
import { Picture } from './image.tsx'

export function ContextView({ block }: { block: Loose }) {
  return (
    <div className="context">
      {(block.elements as Loose[]).map((element, index) =>
        element.type === 'image' ? (
          <Picture key={index} image={element} className="context-picture" />
        ) : (
          <TextObject key={index} text={element as unknown as TextLike} />
        ),
      )}
    </div>
  )
}
