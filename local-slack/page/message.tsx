import { memo, useMemo, useState } from 'react'
import type { InputValues, Message } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { Blocks } from './blocks/blocks.tsx'
import { Files } from './files.tsx'
import { Icon } from './icons.tsx'
import { SurfaceProvider, useSurfaceOf } from './surface.tsx'
import { Mrkdwn } from './text.tsx'
import { clockTime, dayName, fullMoment, tsToMs } from './time.ts'
import type { Loose } from './values.ts'
import { isApp, useWorkspace } from './workspace.tsx'

type Props = {
  message: Message
  compact: boolean
  /** absent inside a thread */
  openThread?: ((ts: string) => void) | undefined
  lastReplyTs?: string | undefined
}

/** One message: who, when, what it says, its controls and its thread. */
export const MessageView = memo(function MessageView({ message, compact, openThread, lastReplyTs }: Props) {
  const { reader, people } = useWorkspace()
  const ms = tsToMs(message.ts)
  const sender = people.find((one) => one.id === message.user)
  const time = (
    <time className="clock" dateTime={new Date(ms).toISOString()} title={fullMoment(ms, reader)}>
      {clockTime(ms, reader)}
    </time>
  )
  const thread = message.threadTs ?? message.ts
  const canReply = openThread && !message.ephemeral
  return (
    <article
      className={['message', compact && 'compact', message.ephemeral && 'ephemeral']
        .filter(Boolean)
        .join(' ')}
      aria-label={`${message.username}, ${clockTime(ms, reader)}`}
      data-ts={message.ts}
    >
      <div className="gutter">
        {compact ? time : <Avatar id={message.user} name={message.username} person={sender} />}
      </div>
      <div className="message-main">
        {message.ephemeral && (
          <p className="only-you">
            <Icon name="eye" size={14} /> Only visible to you
          </p>
        )}
        {!compact && (
          <header>
            <span className="sender" dir="auto">
              {message.username}
            </span>
            {isApp(sender) && <span className="badge">APP</span>}
            {sender?.kind === 'stranger' && <span className="badge">EXTERNAL</span>}
            {time}
          </header>
        )}
        {message.broadcast && openThread && (
          <button
            type="button"
            className="broadcast"
            onClick={() => openThread(message.threadTs ?? message.ts)}
          >
            replied to a thread
          </button>
        )}
        <MessageBody message={message} />
        <Files files={message.files ?? []} />
        {openThread && message.replies > 0 && (
          <Replies message={message} lastReplyTs={lastReplyTs} open={() => openThread(message.ts)} />
        )}
      </div>
      {canReply && (
        <div className="message-tools">
          <button
            type="button"
            aria-label="Reply in thread"
            title="Reply in thread"
            onClick={() => openThread(thread)}
          >
            <Icon name="thread" />
          </button>
        </div>
      )}
    </article>
  )
})

function MessageBody({ message }: { message: Message }) {
  const { me } = useWorkspace()
  const [typed, setTyped] = useState<InputValues>({})
  const { channel, ts } = message
  const place = useMemo(() => ({ message: { channel, ts } }), [channel, ts])
  const blocks = message.blocks as unknown as Loose[]
  const surface = useSurfaceOf({ kind: 'message', user: me.id, place, blocks, typed, setTyped })
  return (
    <SurfaceProvider value={surface}>
      {blocks.length > 0 ? <Blocks blocks={blocks} /> : <Mrkdwn source={message.text} />}
      {message.edited && <span className="edited">(edited)</span>}
    </SurfaceProvider>
  )
}

function Replies({
  message,
  lastReplyTs,
  open,
}: {
  message: Message
  lastReplyTs: string | undefined
  open: () => void
}) {
  const { reader } = useWorkspace()
  const ms = lastReplyTs ? tsToMs(lastReplyTs) : undefined
  return (
    <button type="button" className="replies" onClick={open}>
      <Icon name="thread" size={16} />
      <strong>{message.replies === 1 ? '1 reply' : `${message.replies} replies`}</strong>
      {ms !== undefined && (
        <span>
          Last reply {dayName(ms, reader).replace(/^(Today|Yesterday)/, (day) => day.toLowerCase())} at{' '}
          {clockTime(ms, reader)}
        </span>
      )}
    </button>
  )
}
