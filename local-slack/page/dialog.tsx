import { type ReactNode, useEffect, useRef } from 'react'

type Props = {
  className: string
  labelledBy: string
  busy?: boolean
  onEscape: () => void
  children: ReactNode
}

/** The browser's own modal dialog: it holds the focus and makes everything behind it inert. */
export function Dialog({ className, labelledBy, busy = false, onEscape, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    dialog?.querySelector<HTMLElement>('[data-focus]')?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      className={className}
      aria-labelledby={labelledBy}
      aria-busy={busy}
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        event.stopPropagation()
        onEscape()
      }}
    >
      {children}
    </dialog>
  )
}
