import { PlainText, type TextLike } from '../text.tsx'
import type { Loose } from '../values.ts'

/** A picture with its title above it, as Slack shows an image block. */
export function ImageView({ block }: { block: Loose }) {
  const title = block.title as TextLike | undefined
  return (
    <figure className="image">
      {title && (
        <figcaption>
          <PlainText text={title} />
        </figcaption>
      )}
      <Picture image={block} className="picture" />
    </figure>
  )
}

export function Picture({ image, className }: { image: Loose; className: string }) {
  const file = image.slack_file as { id?: string; url?: string; hidden?: boolean } | undefined
  const alternative = String(image.alt_text ?? '')
  if (file?.hidden) return <span className="hidden-file">Private file: {alternative}</span>
  const source = (image.image_url as string | undefined) ?? file?.url ?? `/files/${file?.id}`
  return <img className={className} src={source} alt={alternative} loading="lazy" />
}
