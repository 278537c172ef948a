import type { ReactNode } from 'react'
import { emojiCharacter } from './emoji.ts'
import { type Inline, type Paragraph, parseEmoji, parseMrkdwn } from './mrkdwn.ts'
import { formatSlackDate, fullMoment } from './time.ts'
import { useWorkspace } from './workspace.tsx'

export type TextLike = { type: string; text: string; emoji?: boolean }

/** plain_text is data: nothing in it is markup, except `:name:` where the app asked for emoji. */
export function PlainText({ text }: { text: TextLike }): ReactNode {
  return text.emoji === false ? text.text : inlines(parseEmoji(text.text))
}

export function TextObject({ text }: { text: TextLike }) {
  if (text.type === 'mrkdwn') return <Mrkdwn source={text.text} />
  return (
    <div className="text" dir="auto">
      <PlainText text={text} />
    </div>
  )
}

export function Mrkdwn({ source }: { source: string }) {
  return (
    <div className="text" dir="auto">
      {parseMrkdwn(source).map((paragraph, index) => (
        <ParagraphView key={index} paragraph={paragraph} />
      ))}
    </div>
  )
}

function ParagraphView({ paragraph }: { paragraph: Paragraph }) {
  if (paragraph.kind === 'preformatted') return <pre>{paragraph.text}</pre>
  const children = inlines(paragraph.children)
  return paragraph.kind === 'quote' ? <blockquote>{children}</blockquote> : <p>{children}</p>
}

function inlines(nodes: Inline[]): ReactNode {
  return nodes.map((node, index) => <InlineView key={index} node={node} />)
}

function InlineView({ node }: { node: Inline }): ReactNode {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'bold':
      return <strong>{inlines(node.children)}</strong>
    case 'italic':
      return <em>{inlines(node.children)}</em>
    case 'strike':
      return <s>{inlines(node.children)}</s>
    case 'code':
      return <code>{node.text}</code>
    case 'link':
      return <Link url={node.url}>{node.text}</Link>
    case 'user':
      return <UserMention id={node.id} label={node.label} />
    case 'channel':
      return <ChannelMention id={node.id} label={node.label} />
    case 'usergroup':
      return <span className="mention">{node.label ?? `@${node.id}`}</span>
    case 'broadcast':
      return <Broadcast range={node.range} />
    case 'date':
      return <SlackDate {...node} />
    case 'emoji':
      return <Emoji name={node.name} />
  }
}

export function Link({ url, children }: { url: string; children: ReactNode }) {
  const { openChannel } = useWorkspace()
  const place = messageAt(url)
  if (!/^(https?|mailto):/i.test(url)) return <span>{children}</span>
  if (place)
    return (
      <button
        type="button"
        className="link"
        onClick={() => {
          openChannel(place.channel)
          scrollToMessage(place.ts)
        }}
      >
        {children}
      </button>
    )
  return (
    <a href={url} target="_blank" rel="noreferrer">
      {children}
    </a>
  )
}

/** The message that a permanent link of this Slack leads to. */
function messageAt(url: string): { channel: string; ts: string } | undefined {
  const [, origin, channel, seconds, rest] = /^(.+)\/archives\/(\w+)\/p(\d+)(\d{6})(?:\?|$)/.exec(url) ?? []
  return origin === window.location.origin ? { channel: channel!, ts: `${seconds}.${rest}` } : undefined
}

/** Scrolls to a message as soon as it is drawn, and marks it for a moment. */
function scrollToMessage(ts: string, frames = 60): void {
  requestAnimationFrame(() => {
    const found = document.querySelector(`[data-ts="${ts}"]`)
    if (!found) return frames > 0 ? scrollToMessage(ts, frames - 1) : undefined
    found.scrollIntoView({ block: 'center' })
    found.classList.add('found')
    found.addEventListener('animationend', () => found.classList.remove('found'), { once: true })
  })
}

export function UserMention({ id, label }: { id: string; label?: string | undefined }) {
  const { me, people } = useWorkspace()
  const person = people.find((one) => one.id === id)
  return (
    <span className={id === me.id ? 'mention me' : 'mention'}>
      @<bdi>{person ? person.realName || person.name : (label ?? id)}</bdi>
    </span>
  )
}

export function ChannelMention({ id, label }: { id: string; label?: string | undefined }) {
  const { channels, openChannel } = useWorkspace()
  const channel = channels.find((one) => one.id === id)
  if (!channel) return <span className="mention">#{label ?? 'private-channel'}</span>
  return (
    <button type="button" className="mention" onClick={() => openChannel(id)}>
      #{channel.name}
    </button>
  )
}

export function Broadcast({ range }: { range: string }) {
  return <span className="mention me">@{range.replace(/^@/, '')}</span>
}

export function Emoji({ name }: { name: string }) {
  return (
    <span role="img" aria-label={name.replaceAll('_', ' ')} className="emoji">
      {emojiCharacter(name)}
    </span>
  )
}

type SlackDateProps = { timestamp: number; format: string; url?: string; fallback?: string }

export function SlackDate({ timestamp, format, url, fallback = '' }: SlackDateProps) {
  const { reader } = useWorkspace()
  const shown = formatSlackDate(timestamp, format, reader, fallback)
  const ms = timestamp * 1000
  if (!Number.isFinite(ms)) return fallback
  const time = (
    <time dateTime={new Date(ms).toISOString()} title={fullMoment(ms, reader)}>
      {shown}
    </time>
  )
  return url ? <Link url={url}>{time}</Link> : time
}
