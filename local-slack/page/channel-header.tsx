import type { Channel, Person } from '../contract.ts'
import { Avatar } from './avatar.tsx'
import { Icon } from './icons.tsx'
import type { Location } from './use-location.ts'
import { isApp } from './workspace.tsx'

type Props = {
  channel: Channel
  title: string
  other: Person | undefined
  tab: Location['tab']
  go: (change: Partial<Location>) => void
}

export function ChannelHeader({ channel, title, other, tab, go }: Props) {
  return (
    <header className="channel-header">
      <div className="pane-header">
        <h2 dir="auto">
          {other && <Avatar id={other.id} name={title} person={other} size={24} />}
          {channel.kind === 'private' && <Icon name="lock" />}
          {channel.kind === 'private' ? channel.name : title}
          {isApp(other) && <span className="badge">APP</span>}
        </h2>
        {channel.archived && <span className="state">Archived</span>}
        {channel.shared && (
          <span className="state">
            <Icon name="link" size={14} /> Shared with another organisation
          </span>
        )}
        {channel.kind !== 'dm' && (
          <span className="members" role="img" aria-label={`${channel.members.length} members`}>
            <Icon name="people" size={16} /> {channel.members.length}
          </span>
        )}
      </div>
      {tab && <Tabs title={title} tab={tab} go={go} />}
    </header>
  )
}

function Tabs({ title, tab, go }: Pick<Props, 'title' | 'tab' | 'go'>) {
  return (
    <div className="tabs" role="tablist" aria-label={title}>
      {(['home', 'messages'] as const).map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={tab === name}
          onClick={() => go({ tab: name, thread: undefined })}
        >
          <Icon name={name} size={16} />
          {name === 'home' ? 'Home' : 'Messages'}
        </button>
      ))}
    </div>
  )
}
