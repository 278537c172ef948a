import type { ReactNode } from 'react'
import type { Channel, Message, Screen } from '../contract.ts'
import { ChannelHeader } from './channel-header.tsx'
import { Composer } from './composer.tsx'
import { Home } from './home.tsx'
import { Intro } from './intro.tsx'
import { MessageList } from './message-list.tsx'
import { Thread } from './thread.tsx'
import { useDraft } from './use-draft.ts'
import type { Location } from './use-location.ts'
import { useSending } from './use-sending.ts'
import { channelTitle, isApp, partner, useWorkspace } from './workspace.tsx'

type Props = { screen: Screen; channel: Channel; location: Location; go: (change: Partial<Location>) => void }

/** One conversation: its header, the messages or the app's Home, the composer, and a thread beside it. */
export function ChannelView({ screen, channel, location, go }: Props) {
  const { me, people, reader } = useWorkspace()
  const { notes, send } = useSending(me, channel, reader.now)
  const [draft, setDraft] = useDraft(`${me.id}/${channel.id}`)
  const [reply, setReply] = useDraft(`${me.id}/${channel.id}/${location.thread}`)
  const other = channel.kind === 'dm' ? partner(channel, me, people) : undefined
  const title = channel.kind === 'dm' ? channelTitle(channel, me, people) : `#${channel.name}`
  const app = isApp(other)
  const home = app && location.tab === 'home'
  const messages = inOrder([...(screen.messages[channel.id] ?? []), ...notes])
  const closed = closedBecause(channel)
  const thread = home ? undefined : location.thread
  const giveBack = (put: (text: string) => void) => (text: string, threadTs?: string) =>
    void send(text, threadTs).then((sent) => sent || put(text))
  const main: ReactNode = home ? (
    <Home user={me.id} home={screen.home} />
  ) : (
    <>
      <MessageList
        channel={channel.id}
        title={title}
        messages={messages}
        intro={<Intro channel={channel} title={title} other={other} />}
        openThread={(ts) => go({ thread: ts })}
      />
      <Composer
        label={`Message ${title}`}
        draft={draft}
        setDraft={setDraft}
        send={giveBack(setDraft)}
        commands
        closed={closed}
      />
    </>
  )
  return (
    <div className={thread ? 'panes with-thread' : 'panes'}>
      <main className="pane" aria-label={title}>
        <ChannelHeader
          channel={channel}
          title={title}
          other={other}
          tab={app ? (home ? 'home' : 'messages') : undefined}
          go={go}
        />
        {main}
      </main>
      {thread && (
        <Thread
          ts={thread}
          title={title}
          messages={messages}
          draft={reply}
          setDraft={setReply}
          send={(text) => giveBack(setReply)(text, thread)}
          close={() => go({ thread: undefined })}
          closed={closed}
        />
      )}
    </div>
  )
}

function inOrder(messages: Message[]): Message[] {
  return messages.sort((a, b) => Number(a.ts) - Number(b.ts))
}

function closedBecause(channel: Channel): string | undefined {
  if (channel.readOnly) return 'Sending messages to this app has been turned off.'
  return channel.archived
    ? 'This channel is archived. It can be read, but nothing more can be posted.'
    : undefined
}
