import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { CommandHint } from './command-hint.tsx'
import { Icon } from './icons.tsx'
import { completeMention, MentionHint, mentionable } from './mention-hint.tsx'
import { useWorkspace } from './workspace.tsx'

/** Where no keyboard slides over the page when a field takes the focus. */
const ROOMY = '(min-width: 761px)'

type Props = {
  label: string
  draft: string
  setDraft: (text: string) => void
  send: (text: string) => void
  commands?: boolean
  /** why nothing can be sent here */
  closed?: string | undefined
}

/** Where messages and commands are typed: Enter sends, Shift+Enter begins a new line. */
export function Composer({ label, draft, setDraft, send, commands = false, closed }: Props) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [at, setAt] = useState(0)
  const { people } = useWorkspace()
  const found = mentionable(draft, people)
  useLayoutEffect(() => {
    if (!field.current) return
    field.current.style.height = 'auto'
    field.current.style.height = `${Math.min(field.current.scrollHeight, 220)}px`
  }, [draft])
  useEffect(() => {
    if (commands && window.matchMedia(ROOMY).matches) field.current?.focus()
  }, [commands])
  if (closed) return <p className="composer-closed">{closed}</p>

  const insert = (text: string) => {
    setDraft(draft === '' || /\s$/.test(draft) ? draft + text : `${draft} ${text}`)
    field.current?.focus()
  }
  const submit = () => {
    if (draft.trim() === '') return
    send(draft.trim())
    setDraft('')
  }
  const choose = (person: (typeof found)[number]) => {
    setDraft(completeMention(draft, person))
    setAt(0)
    field.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const picked = found[Math.min(at, found.length - 1)]
    const picks = event.key === 'Tab' || event.key === 'Enter'
    if (event.nativeEvent.isComposing || event.shiftKey) return
    if (picked ? !step && !picks : event.key !== 'Enter') return
    event.preventDefault()
    if (!picked) submit()
    else if (step) setAt((at + step + found.length) % found.length)
    else choose(picked)
  }
  return (
    <div className="composer">
      {commands && found.length === 0 && (
        <CommandHint
          draft={draft}
          use={(text) => {
            setDraft(text)
            field.current?.focus()
          }}
        />
      )}
      <MentionHint found={found} at={Math.min(at, found.length - 1)} choose={choose} />
      <div className="composer-box">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={label}
          placeholder={label}
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <div className="composer-tools">
          {commands && (
            <button
              type="button"
              aria-label="Start a command"
              title="Start a command"
              disabled={draft !== ''}
              onClick={() => insert('/keys ')}
            >
              <Icon name="slash" />
            </button>
          )}
          <button
            type="button"
            aria-label="Mention someone"
            title="Mention someone"
            onClick={() => insert('@')}
          >
            <Icon name="at" />
          </button>
          <button
            type="button"
            className="send"
            aria-label="Send now"
            title="Send now"
            disabled={draft.trim() === ''}
            onClick={submit}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
    </div>
  )
}
