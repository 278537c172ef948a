import { Avatar } from './avatar.tsx'
import { isApp, useWorkspace } from './workspace.tsx'

/** Shown above the composer while a command is being typed: what there is, and who answers it. */
export function CommandHint({ draft, use }: { draft: string; use: (text: string) => void }) {
  const { people } = useWorkspace()
  const app = people.find(isApp)
  const command = draft.split(/\s/, 1)[0] ?? ''
  if (!draft.startsWith('/') || !'/keys'.startsWith(command)) return null
  const typing = draft.length > command.length
  return (
    <section className="command-hint" aria-label="Commands">
      {!typing && <p className="command-hint-title">Commands</p>}
      <button type="button" onClick={() => use('/keys ')} tabIndex={typing ? -1 : 0}>
        {app && <Avatar id={app.id} name={app.realName} person={app} size={28} />}
        <span>
          <strong>/keys</strong>{' '}
          <span className="usage">[list | create | show KEY | rotate KEY | revoke KEY | help]</span>
          <small>
            {app?.realName ?? 'The app'} · API keys: create, find, rotate and revoke. Bare /keys offers the
            rest.
          </small>
        </span>
      </button>
    </section>
  )
}
