import type { Channel, Person } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { Icon } from './icons.tsx'
import { isApp } from './workspace.tsx'

/** How a conversation begins, and for a newcomer how to talk to the app. */
export function Intro({
  channel,
  title,
  other,
}: {
  channel: Channel
  title: string
  other: Person | undefined
}) {
  return (
    <div className="intro">
      {other ? (
        <Avatar id={other.id} name={title} person={other} size={56} />
      ) : (
        <span className="intro-sign">
          <Icon name={channel.kind === 'private' ? 'lock' : 'hash'} size={28} />
        </span>
      )}
      <h3 dir="auto">{title}</h3>
      {isApp(other) ? (
        <p className="text">
          This is the very beginning of your conversation with <strong>{title}</strong>. Type{' '}
          <code>/keys</code> in {channel.readOnly ? 'a channel' : 'any channel, or here,'} to start; receipts
          and reminders arrive here.
        </p>
      ) : (
        <p>
          This is the very beginning of <strong>{title}</strong>. Type <code>/keys</code> to start.
        </p>
      )}
    </div>
  )
}
