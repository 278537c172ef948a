import { useMemo, useSyncExternalStore } from 'react'
import { type Block, Message } from 'slack-blocks-to-jsx'
import { SlackDate, UserMention } from '../text.tsx'
import type { Loose } from '../values.ts'
import { useWorkspace } from '../workspace.tsx'

/**
 * Charts, Markdown and video, drawn by slack-blocks-to-jsx. The other blocks are drawn by this page: the
 * package reads plain_text as markup, its controls report no values, and its tables take other rows than Slack's.
 */
export function LibraryBlock({ block }: { block: Loose }) {
  const { people, channels } = useWorkspace()
  const data = useMemo(
    () => ({
      users: people.map(({ id, name }) => ({ id, name })),
      channels: channels.map(({ id, name }) => ({ id, name })),
    }),
    [people, channels],
  )
  const isDark = useSyncExternalStore(onThemeChange, () => dark.matches)
  return (
    <div className={`library library-${block.type}`}>
      <Message
        blocks={[block as unknown as Block]}
        logo=""
        name=""
        theme={isDark ? 'dark' : 'light'}
        withoutWrapper
        data={data}
        hooks={HOOKS}
      />
    </div>
  )
}

const dark = window.matchMedia('(prefers-color-scheme: dark)')

function onThemeChange(changed: () => void): () => void {
  dark.addEventListener('change', changed)
  return () => dark.removeEventListener('change', changed)
}

const HOOKS = {
  user: ({ id }: { id: string }) => <UserMention id={id} />,
  date: (date: { timestamp: string; format: string; fallback: string }) => (
    <SlackDate timestamp={Number(date.timestamp)} format={date.format} fallback={date.fallback} />
  ),
}
