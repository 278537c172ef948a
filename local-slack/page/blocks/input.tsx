import { useId } from 'react'
import { Control } from '../controls/control.tsx'
import { useSurface } from '../surface.tsx'
import { PlainText, type TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'

/** A labelled field: its hint below it, and in red what the app had against the last submission. */
export function InputView({ block }: { block: Loose }) {
  const { errors } = useSurface()
  const id = useId()
  const blockId = block.block_id ?? ''
  const hint = block.hint as TextLike | undefined
  const error = errors[blockId]
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ')
  return (
    <div className={error ? 'field invalid' : 'field'} data-block-id={blockId}>
      <div className="field-label">
        <label id={`${id}-label`} htmlFor={`${id}-control`}>
          <PlainText text={block.label as TextLike} />
        </label>
        {block.optional === true && <span className="optional"> (optional)</span>}
      </div>
      <Control
        blockId={blockId}
        element={block.element as Loose}
        id={`${id}-control`}
        labelledBy={`${id}-label`}
        describedBy={described || undefined}
        invalid={Boolean(error)}
        required={block.optional !== true}
        dispatch={block.dispatch_action === true}
      />
      {error && (
        <p className="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          <PlainText text={hint} />
        </p>
      )}
    </div>
  )
}
