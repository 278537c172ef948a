import { Control } from '../controls/control.tsx'
import { type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'
import { Picture } from './image.tsx'

/** Text, or fields in two columns, with one control or picture beside it. */
export function SectionView({ block }: { block: Loose }) {
  const text = block.text as TextLike | undefined
  const fields = (block.fields as TextLike[] | undefined) ?? []
  const accessory = block.accessory as Loose | undefined
  return (
    <div className={accessory ? 'section with-accessory' : 'section'}>
      <div className="section-text">
        {text && <TextObject text={text} />}
        {fields.length > 0 && (
          <div className="fields">
            {fields.map((field, index) => (
              <TextObject key={index} text={field} />
            ))}
          </div>
        )}
      </div>
      {accessory && (
        <div className={`accessory accessory-${accessory.type}`}>
          {accessory.type === 'image' ? (
            <Picture image={accessory} className="thumbnail" />
          ) : (
            <Control
              blockId={block.block_id ?? ''}
              element={accessory}
              label={firstLine(text ?? fields[0])}
              dispatch
            />
          )}
        </div>
      )}
    </div>
  )
}

/** The subject of a control beside this text, for readers who hear the control alone. */
function firstLine(text: TextLike | undefined): string {
  return (text?.text ?? '')
    .split('\n', 1)[0]!
    .replace(/[*_~`]|<[^>]*>/g, '')
    .trim()
}
