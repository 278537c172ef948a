import type { ReactNode } from 'react'
import { Broadcast, ChannelMention, Emoji, Link, SlackDate, UserMention } from '../text.tsx'
import type { Loose } from '../values.ts'

type Style = { bold?: boolean; italic?: boolean; strike?: boolean; underline?: boolean; code?: boolean }
type Leaf = Loose & { style?: Style; text?: string; url?: string }

/** Structured text; nothing in it is parsed. */
export function RichTextView({ block }: { block: Loose }) {
  return (
    <div className="text rich-text" dir="auto">
      {(block.elements as Loose[]).map((element, index) => (
        <Part key={index} element={element} />
      ))}
    </div>
  )
}

function Part({ element }: { element: Loose }) {
  switch (element.type) {
    case 'rich_text_preformatted':
      return <pre>{plain(element)}</pre>
    case 'rich_text_quote':
      return <blockquote>{leaves(element)}</blockquote>
    case 'rich_text_list':
      return <List element={element} />
    default:
      return <p>{leaves(element)}</p>
  }
}

function List({ element }: { element: Loose }) {
  const items = (element.elements as Loose[]).map((item, index) => <li key={index}>{leaves(item)}</li>)
  const indent = { marginInlineStart: `${Number(element.indent ?? 0) * 24}px` }
  const className = element.border === 1 ? 'bordered' : undefined
  if (element.style === 'ordered') {
    return (
      <ol className={className} style={indent} start={Number(element.offset ?? 0) + 1}>
        {items}
      </ol>
    )
  }
  return (
    <ul className={className} style={indent}>
      {items}
    </ul>
  )
}

/** One text node, so that a triple click selects all of it and nothing else. */
function plain(element: Loose): string {
  return (element.elements as Leaf[]).map((leaf) => leaf.text ?? leaf.url ?? '').join('')
}

function leaves(element: Loose): ReactNode {
  return (element.elements as Leaf[]).map((leaf, index) => <LeafView key={index} leaf={leaf} />)
}

function LeafView({ leaf }: { leaf: Leaf }): ReactNode {
  const style = leaf.style ?? {}
  let node = content(leaf)
  if (style.code) node = <code>{node}</code>
  if (style.bold) node = <strong>{node}</strong>
  if (style.italic) node = <em>{node}</em>
  if (style.strike) node = <s>{node}</s>
  if (style.underline) node = <u>{node}</u>
  return node
}

function content(leaf: Leaf): ReactNode {
  switch (leaf.type) {
    case 'text':
      return leaf.text
    case 'link':
      return <Link url={String(leaf.url)}>{leaf.text ?? leaf.url}</Link>
    case 'user':
      return <UserMention id={String(leaf.user_id)} />
    case 'channel':
      return <ChannelMention id={String(leaf.channel_id)} />
    case 'usergroup':
      return <span className="mention">@{String(leaf.usergroup_id)}</span>
    case 'broadcast':
      return <Broadcast range={String(leaf.range)} />
    case 'emoji':
      return <Emoji name={String(leaf.name)} />
    case 'date':
      return (
        <SlackDate
          timestamp={Number(leaf.timestamp)}
          format={String(leaf.format)}
          {...(leaf.url && { url: leaf.url })}
          fallback={String(leaf.fallback ?? '')}
        />
      )
    default:
      return String(leaf.value ?? '')
  }
}
