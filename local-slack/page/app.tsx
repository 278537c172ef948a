import { useCallback, useEffect, useMemo, useState } from 'react'
import type { Person, Screen } from '../contract.ts'
import { Calendar } from './calendar.tsx'
import { ChannelView } from './channel-view.tsx'
import { ConfirmProvider } from './confirm.tsx'
import { Icon } from './icons.tsx'
import { Modals } from './modal.tsx'
import { PersonSwitcher } from './person-switcher.tsx'
import { Sidebar } from './sidebar.tsx'
import { useLocation } from './use-location.ts'
import { usePeople } from './use-people.ts'
import { useScreen } from './use-screen.ts'
import { useUnread } from './use-unread.ts'
import { isApp, partner, type Workspace, WorkspaceProvider } from './workspace.tsx'

export function App() {
  const [location, go] = useLocation()
  const [menu, setMenu] = useState(false)
  const { people, refresh } = usePeople()
  const me = people.find(({ id }) => id === location.as) ?? firstPerson(people)
  const { screen, connected } = useScreen(me?.id)
  const channel =
    screen && (screen.channels.find(({ id }) => id === location.channel) ?? firstChannel(screen, people))
  useEffect(() => {
    if (connected) refresh()
  }, [connected, refresh])
  const unread = useUnread(screen, channel?.id)
  const openChannel = useCallback(
    (id: string) => {
      setMenu(false)
      go({ channel: id, thread: undefined, tab: undefined })
    },
    [go],
  )
  const workspace = useMemo<Workspace | undefined>(
    () =>
      screen && {
        me: screen.person,
        reader: { timeZone: screen.person.tz, now: Date.parse(screen.now) },
        people,
        channels: screen.channels,
        openChannel,
      },
    [screen, people, openChannel],
  )
  if (!workspace || !screen) return <Waiting connected={connected} />
  const become = (id: string) => go({ as: id, thread: undefined })
  return (
    <WorkspaceProvider value={workspace}>
      <ConfirmProvider>
        <div className={menu ? 'app menu-open' : 'app'}>
          <div className="top-bar">
            <button
              type="button"
              className="menu-button"
              aria-label="Channels"
              aria-expanded={menu}
              onClick={() => setMenu(!menu)}
            >
              <Icon name={menu ? 'close' : 'menu'} size={22} />
              {Object.values(unread).some((count) => count > 0) && <span className="dot" />}
            </button>
            <Calendar reader={workspace.reader} />
            <span className="connection" role="status">
              {connected ? '' : 'Reconnecting…'}
            </span>
          </div>
          <Sidebar
            screen={screen}
            current={channel?.id}
            unread={unread}
            switcher={<PersonSwitcher me={screen.person} people={people} become={become} refresh={refresh} />}
          />
          {channel ? (
            <ChannelView
              key={`${screen.person.id}/${channel.id}`}
              screen={screen}
              channel={channel}
              location={location}
              go={go}
            />
          ) : (
            <main className="pane">
              <p className="empty">You are in no channel of this team.</p>
            </main>
          )}
          <Modals user={screen.person.id} modals={screen.modals} />
        </div>
      </ConfirmProvider>
    </WorkspaceProvider>
  )
}

function Waiting({ connected }: { connected: boolean }) {
  return (
    <p className="waiting-page" role="status">
      {connected ? 'Opening the workspace…' : 'The local Slack is not answering. Reconnecting…'}
    </p>
  )
}

/** A newcomer begins as somebody who may do a lot. */
function firstPerson(people: Person[]): Person | undefined {
  const humans = people.filter((person) => !isApp(person) && !person.deleted)
  return humans.find(({ kind }) => kind === 'primary_owner' || kind === 'owner') ?? humans[0]
}

/** The conversation with the app, else the first channel. */
function firstChannel(screen: Screen, people: Person[]) {
  const app = screen.channels.find((one) => one.kind === 'dm' && isApp(partner(one, screen.person, people)))
  return app ?? screen.channels[0]
}
