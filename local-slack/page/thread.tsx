import { useEffect, useRef } from 'react'
import type { Message } from '../contract.ts'
import { Composer } from './composer.tsx'
import { threadOf } from './conversation.ts'
import { Icon } from './icons.tsx'
import { MessageView } from './message.tsx'
import { useStickyScroll } from './use-sticky-scroll.ts'

type Props = {
  ts: string
  title: string
  messages: Message[]
  draft: string
  setDraft: (text: string) => void
  send: (text: string) => void
  close: () => void
  closed?: string | undefined
}

/** The pane at the right: a message and the replies to it. */
export function Thread({ ts, title, messages, draft, setDraft, send, close, closed }: Props) {
  const { parent, replies } = threadOf(messages, ts)
  const pane = useRef<HTMLElement>(null)
  const { ref, onScroll } = useStickyScroll(ts, replies.at(-1)?.ts)
  useEffect(() => pane.current?.querySelector('textarea')?.focus(), [ts])
  return (
    <aside className="thread" aria-label="Thread" ref={pane}>
      <header className="pane-header">
        <h2>
          Thread <span className="pane-subtitle">{title}</span>
        </h2>
        <button type="button" className="icon-button" aria-label="Close thread" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="thread-list" ref={ref} onScroll={onScroll} role="log" aria-label="Replies">
        {parent ? (
          <MessageView message={parent} compact={false} />
        ) : (
          <p className="empty">This message is not there any more.</p>
        )}
        {parent && parent.replies > 0 && (
          <div className="reply-count">
            <span>{parent.replies === 1 ? '1 reply' : `${parent.replies} replies`}</span>
          </div>
        )}
        {replies.map((message) => (
          <MessageView key={message.ts} message={message} compact={false} />
        ))}
      </div>
      {parent && <Composer label="Reply" draft={draft} setDraft={setDraft} send={send} closed={closed} />}
    </aside>
  )
}
