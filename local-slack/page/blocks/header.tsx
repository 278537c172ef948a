import { PlainText, type TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'

export function HeaderView({ block }: { block: Loose }) {
  return (
    <h3 dir="auto">
      <PlainText text={block.text as TextLike} />
    </h3>
  )
}
