import type { ReactNode } from 'react'
import type { Channel, Screen } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { Icon } from './icons.tsx'
import type { Unread } from './use-unread.ts'
import { channelTitle, isApp, partner, useWorkspace } from './workspace.tsx'

type Props = {
  screen: Screen
  current: string | undefined
  unread: Unread
  switcher: ReactNode
}

/** The aubergine column: the team, who one is, and the places to go. */
export function Sidebar({ screen, current, unread, switcher }: Props) {
  const { me, people } = useWorkspace()
  const { channels } = screen
  const isAppDm = (channel: Channel) => channel.kind === 'dm' && isApp(partner(channel, me, people))
  const sections = [
    {
      title: 'Channels',
      list: channels.filter(({ kind }) => kind !== 'dm').sort((a, b) => a.name.localeCompare(b.name)),
    },
    { title: 'Direct messages', list: channels.filter((one) => one.kind === 'dm' && !isAppDm(one)) },
    { title: 'Apps', list: channels.filter(isAppDm) },
  ].filter(({ list }) => list.length > 0)
  return (
    <nav className="sidebar" aria-label="Channels and direct messages">
      <h1 className="team" dir="auto">
        {screen.team.name}
      </h1>
      {switcher}
      <div className="sidebar-scroll">
        {sections.map(({ title, list }) => (
          <section key={title} aria-label={title}>
            <h2>{title}</h2>
            {list.map((channel) => (
              <Place
                key={channel.id}
                channel={channel}
                current={channel.id === current}
                unread={unread[channel.id] ?? 0}
              />
            ))}
          </section>
        ))}
      </div>
    </nav>
  )
}

function Place({ channel, current, unread }: { channel: Channel; current: boolean; unread: number }) {
  const { me, people, openChannel } = useWorkspace()
  const title = channelTitle(channel, me, people)
  const other = channel.kind === 'dm' ? partner(channel, me, people) : undefined
  const className = ['place', current && 'current', unread > 0 && 'unread', channel.archived && 'archived']
  return (
    <button
      type="button"
      className={className.filter(Boolean).join(' ')}
      aria-current={current ? 'page' : undefined}
      aria-label={unread > 0 ? `${title}, ${unread} unread` : title}
      onClick={() => openChannel(channel.id)}
    >
      {other ? (
        <Avatar id={other.id} name={title} person={other} size={20} />
      ) : (
        <Icon name={channel.kind === 'private' ? 'lock' : 'hash'} size={16} />
      )}
      <span className="place-name" dir="auto">
        {title}
      </span>
      {channel.shared && <Icon name="link" size={14} />}
      {unread > 0 && channel.kind === 'dm' && <span className="count">{unread}</span>}
    </button>
  )
}
