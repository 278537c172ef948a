import { Control } from '../controls/control.tsx'
import { type TextLike, TextObject } from '../text.tsx'
import type { Loose } from '../values.ts'
import { Picture } from './image.tsx'

export function CardView({ block }: { block: Loose }) {
  const { title, subtitle, body } = block as Record<string, TextLike | undefined> & { type: never }
  const actions = (block.actions as Loose[] | undefined) ?? []
  return (
    <article className="card">
      {Boolean(block.hero_image) && <Picture image={block.hero_image as Loose} className="card-hero" />}
      <div className="card-head">
        {Boolean(block.icon) && <Picture image={block.icon as Loose} className="card-icon" />}
        <div>
          {title && (
            <div className="card-title">
              <TextObject text={title} />
            </div>
          )}
          {subtitle && (
            <div className="card-subtitle">
              <TextObject text={subtitle} />
            </div>
          )}
        </div>
      </div>
      {body && <TextObject text={body} />}
      {actions.length > 0 && (
        <div className="actions">
          {actions.map((action) => (
            <Control key={action.action_id} blockId={block.block_id ?? ''} element={action} dispatch />
          ))}
        </div>
      )}
    </article>
  )
}

export function CarouselView({ block }: { block: Loose }) {
  return (
    <section className="carousel" aria-label="Cards">
      {(block.elements as Loose[]).map((card, index) => (
        <CardView key={card.block_id ?? index} block={card} />
      ))}
    </section>
  )
}
