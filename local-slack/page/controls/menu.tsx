import { type ReactNode, useEffect, useRef, useState } from 'react'
import { usePopover } from './use-popover.ts'

type MenuItem = { key: string; content: ReactNode; checked?: boolean; choose: () => void }

type Props = {
  label: string
  className: string
  button: ReactNode
  items: MenuItem[]
  align?: 'start' | 'end'
  onOpen?: () => void
}

/** A button that opens a menu: arrows move, Enter chooses, Escape gives the focus back to the button. */
export function Menu({ label, className, button, items, align = 'start', onOpen }: Props) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const popover = usePopover(anchor, open, () => setOpen(false), align === 'end')
  useEffect(() => {
    if (!open) return
    const checked = popover.current?.querySelector<HTMLElement>('[aria-checked=true]')
    const first = checked ?? popover.current?.querySelector<HTMLElement>('button')
    first?.focus()
  }, [open, popover])
  const leave = () => {
    setOpen(false)
    anchor.current?.focus()
  }
  const onKeyDown = (event: React.KeyboardEvent) => {
    const buttons = [...(popover.current?.querySelectorAll('button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to !== undefined) buttons.at(to % buttons.length)?.focus()
    if (event.key === 'Escape') leave()
    if (event.key === 'Tab') setOpen(false)
    if (to !== undefined || event.key === 'Escape') event.preventDefault()
  }
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => {
          if (!open) onOpen?.()
          setOpen(!open)
        }}
      >
        {button}
      </button>
      {open && (
        <div
          ref={popover}
          popover="manual"
          role="menu"
          aria-label={label}
          className="menu"
          onKeyDown={onKeyDown}
        >
          {items.map((item) => (
            <button
              key={item.key}
              type="button"
              {...(item.checked === undefined
                ? { role: 'menuitem' }
                : { role: 'menuitemradio', 'aria-checked': item.checked })}
              className="menu-item"
              tabIndex={-1}
              onClick={() => {
                leave()
                item.choose()
              }}
            >
              {item.content}
            </button>
          ))}
        </div>
      )}
    </>
  )
}
