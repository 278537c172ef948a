import { type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'
import { Picture } from './image.tsx'

export function ContextView({ block }: { block: Loose }) {
  return (
    <div className="context">
      {(block.elements as Loose[]).map((element, index) =>
        element.type === 'image' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: context elements have no identity but their place
          <Picture key={index} image={element} className="context-picture" />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: context elements have no identity but their place
          <TextObject key={index} text={element as unknown as TextLike} />
        ),
      )}
    </div>
  )
}
