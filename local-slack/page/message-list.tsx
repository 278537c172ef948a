import type { ReactNode } from 'react'
import type { Message } from '../contract.ts'
import { daysOf, lastReply, topLevel } from './conversation.ts'
import { MessageView } from './message.tsx'
import { dayName } from './time.ts'
import { useStickyScroll } from './use-sticky-scroll.ts'
import { useWorkspace } from './workspace.tsx'

type Props = {
  channel: string
  title: string
  messages: Message[]
  intro: ReactNode
  openThread: (ts: string) => void
}

/** A channel's messages, newest at the bottom and in sight unless the reader has scrolled up. */
export function MessageList({ channel, title, messages, intro, openThread }: Props) {
  const { reader } = useWorkspace()
  const shown = topLevel(messages)
  const { ref, onScroll, unseen, toBottom } = useStickyScroll(channel, shown.at(-1)?.ts)
  return (
    <div className="list-frame">
      <div
        className="message-list"
        ref={ref}
        onScroll={onScroll}
        role="log"
        aria-label={`Messages in ${title}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the list scrolls, and must do so from the keyboard
        tabIndex={0}
      >
        <div className="list-spacer" />
        {intro}
        {daysOf(shown, reader).map(({ key, ms, rows }) => (
          <section key={key} aria-label={dayName(ms, reader)}>
            <div className="day-name">
              <span>{dayName(ms, reader)}</span>
            </div>
            {rows.map(({ message, compact }) => (
              <MessageView
                key={message.ts}
                message={message}
                compact={compact}
                openThread={openThread}
                lastReplyTs={message.replies > 0 ? lastReply(messages, message.ts) : undefined}
              />
            ))}
          </section>
        ))}
      </div>
      {unseen && (
        <button type="button" className="new-messages" onClick={toBottom}>
          New messages ↓
        </button>
      )}
    </div>
  )
}
