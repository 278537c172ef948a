import { createContext, type ReactNode, useCallback, useContext, useState } from 'react'
import { Dialog } from './dialog.tsx'
import { PlainText, type TextLike, TextObject } from './text.tsx'
import type { Loose } from './values.ts'

type Ask = (confirm: Loose) => Promise<boolean>

const Context = createContext<Ask | undefined>(undefined)

export function useConfirm(): Ask {
  const ask = useContext(Context)
  if (!ask) throw new Error('useConfirm outside of its provider')
  return ask
}

/** Shows Slack's confirmation dialog for an element's `confirm` object, and answers what was chosen. */
export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<{ confirm: Loose; answer: (yes: boolean) => void }>()
  const ask = useCallback<Ask>(
    (confirm) => new Promise((resolve) => setOpen({ confirm, answer: resolve })),
    [],
  )
  const decide = (yes: boolean) => {
    open?.answer(yes)
    setOpen(undefined)
  }
  return (
    <Context value={ask}>
      {children}
      {open && <ConfirmDialog confirm={open.confirm} decide={decide} />}
    </Context>
  )
}

function ConfirmDialog({ confirm, decide }: { confirm: Loose; decide: (yes: boolean) => void }) {
  const { title, text, confirm: yes, deny: no } = confirm as { [part: string]: TextLike | undefined }
  return (
    <Dialog className="dialog confirm" labelledBy="confirm-title" onEscape={() => decide(false)}>
      <header className="dialog-header">
        <h2 id="confirm-title">{title ? <PlainText text={title} /> : 'Are you sure?'}</h2>
      </header>
      <div className="dialog-body">{text && <TextObject text={text} />}</div>
      <footer className="dialog-footer">
        <button type="button" className="button" onClick={() => decide(false)}>
          {no ? <PlainText text={no} /> : 'Cancel'}
        </button>
        <button
          type="button"
          className={`button ${confirm.style === 'danger' ? 'danger' : 'primary'}`}
          data-focus
          onClick={() => decide(true)}
        >
          {yes ? <PlainText text={yes} /> : 'OK'}
        </button>
      </footer>
    </Dialog>
  )
}
