import { useEffect, useMemo, useRef, useState } from 'react'
import type { InputValues, ModalView } from '../contract.ts'
import { api } from './api.ts'
import { Blocks } from './blocks/blocks.tsx'
import { Dialog } from './dialog.tsx'
import { explain } from './explain.ts'
import { Icon } from './icons.tsx'
import { SurfaceProvider, useSurfaceOf } from './surface.tsx'
import { collectValues, type Loose } from './values.ts'

const FIELDS = '.field input:not([type=hidden]), .field textarea, .field [role=combobox]'

/** A person's modals, the top one shown. Typed text lives as long as its view, also while another lies above it. */
export function Modals({ user, modals }: { user: string; modals: ModalView[] }) {
  const [typed, setTyped] = useState<Record<string, InputValues>>({})
  const top = modals.at(-1)
  const known = modals.map((view) => view.id).join()
  useEffect(() => {
    const ids = known.split(',')
    setTyped((all) => Object.fromEntries(Object.entries(all).filter(([id]) => ids.includes(id))))
  }, [known])
  if (!top) return null
  return (
    <Modal
      key={user}
      user={user}
      view={top}
      root={modals[0]!.id}
      typed={typed[top.id] ?? {}}
      setTyped={(change) => setTyped((all) => ({ ...all, [top.id]: change(all[top.id] ?? {}) }))}
    />
  )
}

type Props = {
  user: string
  view: ModalView
  root: string
  typed: InputValues
  setTyped: (change: (typed: InputValues) => InputValues) => void
}

function Modal({ user, view, root, typed, setTyped }: Props) {
  const body = useRef<HTMLDivElement>(null)
  const blocks = view.blocks as unknown as Loose[]
  const submission = useSubmission(user, view, () => collectValues(blocks, typed, view.values))
  const place = useMemo(() => ({ view: view.id }), [view.id])
  const surface = useSurfaceOf({
    kind: 'modal',
    user,
    place,
    blocks,
    typed,
    setTyped,
    known: view.values,
    errors: submission.errors,
  })
  useFocus(body, view, submission.errors)
  const close = (id: string) => void api.close(user, id)
  return (
    <Dialog
      className="dialog modal"
      labelledBy="modal-title"
      busy={submission.busy}
      onEscape={() => close(view.id)}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (view.submit) submission.submit()
        }}
      >
        <header className="dialog-header">
          <h2 id="modal-title">{view.title}</h2>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => close(root)}>
            <Icon name="close" size={20} />
          </button>
        </header>
        <div className="dialog-body" ref={body} tabIndex={-1}>
          <SurfaceProvider value={surface}>
            <Blocks blocks={blocks} />
          </SurfaceProvider>
        </div>
        {submission.failure && (
          <p className="dialog-failure" role="alert">
            {explain(submission.failure)}
          </p>
        )}
        <footer className="dialog-footer">
          <button type="button" className="button" onClick={() => close(view.id)}>
            {view.close}
          </button>
          {view.submit && (
            <button
              type="submit"
              className={submission.busy ? 'button primary waiting' : 'button primary'}
              aria-busy={submission.busy}
            >
              <span className="button-text">{view.submit}</span>
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  )
}

/** Sends the form once; it stays busy until the view has changed or the app has objected. */
function useSubmission(user: string, view: ModalView, values: () => InputValues) {
  const version = `${view.id}:${view.hash}`
  const [sent, setSent] = useState<string>()
  const [refused, setRefused] = useState<{ version: string; errors: Record<string, string> }>()
  const [failure, setFailure] = useState<string>()
  const busy = sent === version
  const submit = async () => {
    if (busy) return
    setSent(version)
    setFailure(undefined)
    setRefused(undefined)
    const result = await api.submit(user, { view: view.id, values: values() })
    if (!result.ok) setFailure(result.error)
    else if (result.outcome === 'errors') setRefused({ version, errors: result.errors })
    if (!result.ok || result.outcome === 'errors') setSent(undefined)
  }
  const errors = busy ? {} : refused?.version === version ? refused.errors : view.errors
  return { busy, submit: () => void submit(), errors, failure }
}

/**
 * A new view takes the focus to its first field, and a refusal to the first field that it is about; an update leaves it
 * where it is, unless its holder went away.
 */
function useFocus(
  body: React.RefObject<HTMLDivElement | null>,
  view: ModalView,
  errors: Record<string, string>,
): void {
  const shown = useRef<string>(undefined)
  const refused = Object.keys(errors).join()
  useEffect(() => {
    const held = body.current?.contains(document.activeElement) && document.activeElement !== body.current
    if (shown.current === view.id && held) return
    shown.current = view.id
    const wished = body.current?.querySelector<HTMLElement>('[data-focus-on-load]')
    const first = wished ?? body.current?.querySelector<HTMLElement>(FIELDS)
    // The text above the first field is read first.
    ;(first ?? body.current)?.focus({ preventScroll: !wished })
  }, [view.id, view.hash])
  useEffect(() => {
    if (!refused) return
    const field = body.current?.querySelector('.field.invalid')
    field?.querySelector<HTMLElement>('input, textarea')?.focus({ preventScroll: true })
    // The error is written below the field's last control.
    field?.scrollIntoView({ block: 'nearest' })
  }, [refused, body])
}
