import { Control } from '../controls/control.tsx'
import { elementsOf, type Loose } from '../values.ts'

export function ActionsView({ block }: { block: Loose }) {
  return (
    <div className="actions">
      {elementsOf(block).map((element) => (
        <Control key={element.action_id} blockId={block.block_id ?? ''} element={element} dispatch />
      ))}
    </div>
  )
}
