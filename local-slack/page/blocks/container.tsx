import { PlainText, type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'
import { Blocks } from './blocks.tsx'
import { Picture } from './image.tsx'
import { RichTextView } from './rich-text.tsx'

/** A titled group of blocks, which the reader can fold where the app allows it. */
export function ContainerView({ block }: { block: Loose }) {
  const head = <ContainerHead block={block} />
  const children = <Blocks blocks={block.child_blocks as Loose[]} />
  const className = `container container-${block.width ?? 'standard'}`
  if (block.is_collapsible !== true) {
    return (
      <section className={className}>
        <div className={block.has_header_divider === true ? 'container-head divided' : 'container-head'}>
          {head}
        </div>
        {children}
      </section>
    )
  }
  return (
    <details className={className} open={block.default_collapsed !== true}>
      <summary className="container-head">{head}</summary>
      {children}
    </details>
  )
}

function ContainerHead({ block }: { block: Loose }) {
  const { title, subtitle } = block as Record<string, TextLike | undefined> & { type: never }
  return (
    <>
      {Boolean(block.icon) && <Picture image={block.icon as Loose} className="card-icon" />}
      <div>
        <div className="card-title">
          {block.rich_text_title ? (
            <RichTextView block={block.rich_text_title as Loose} />
          ) : (
            title && <PlainText text={title} />
          )}
        </div>
        {subtitle && (
          <div className="card-subtitle">
            <TextObject text={subtitle} />
          </div>
        )}
      </div>
    </>
  )
}
