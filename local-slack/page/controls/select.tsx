import { type KeyboardEvent, useId, useRef, useState } from 'react'
import { Icon } from '../icons.tsx'
import { SelectList } from './select-list.tsx'
import { usePopover } from './use-popover.ts'

export type Option = {
  value: string
  label: string
  description?: string | undefined
  group?: string | undefined
}

type Props = {
  names: { id?: string | undefined; [attribute: `aria-${string}`]: string | boolean | undefined }
  options: Option[]
  value: string[]
  many: boolean
  max: number
  busy: boolean
  placeholder: string
  change: (value: string[]) => void
}

/** A searchable menu: type to narrow it, arrows to move, Enter to choose, Escape to leave it as it was. */
export function Select({ names, options, value, many, max, busy, placeholder, change }: Props) {
  const list = useId()
  const anchor = useRef<HTMLDivElement>(null)
  const [open, setOpen] = useState(false)
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const shown = matching(options, query).filter((option) => !many || !value.includes(option.value))
  const chosen = value.flatMap((one) => options.find((option) => option.value === one) ?? [])
  const label = many ? '' : (chosen[0]?.label ?? '')

  const close = () => {
    setOpen(false)
    setQuery('')
  }
  const show = () => {
    setOpen(true)
    setAt(Math.max(0, many ? 0 : options.findIndex((option) => option.value === value[0])))
  }
  const choose = (option: Option | undefined) => {
    if (!option) return
    change(many ? [...value, option.value].slice(0, max) : [option.value])
    close()
  }
  const popover = usePopover(anchor, open, close)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step || event.key === 'Enter' || (event.key === 'Escape' && open)) event.preventDefault()
    if (step && !open) show()
    else if (step) setAt((at + step + shown.length) % Math.max(1, shown.length))
    else if (event.key === 'Enter') open ? choose(shown[at]) : show()
    else if (event.key === 'Escape' || event.key === 'Tab') close()
    else if (event.key === 'Backspace' && many && query === '') change(value.slice(0, -1))
  }
  return (
    <div className={open ? 'select open' : 'select'} ref={anchor} aria-busy={busy}>
      {many &&
        chosen.map((option) => (
          <button
            key={option.value}
            type="button"
            className="chip"
            aria-label={`Remove ${option.label}`}
            onClick={() => change(value.filter((one) => one !== option.value))}
          >
            <bdi>{option.label}</bdi>
            <Icon name="close" size={12} />
          </button>
        ))}
      <input
        {...names}
        role="combobox"
        aria-expanded={open}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={open && shown[at] ? `${list}-${at}` : undefined}
        autoComplete="off"
        dir="auto"
        value={open ? query : label}
        placeholder={label || (many && chosen.length > 0 ? '' : placeholder)}
        onChange={(event) => {
          setQuery(event.target.value)
          setAt(0)
          setOpen(true)
        }}
        onClick={() => (open ? undefined : show())}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <Icon name="chevron" size={16} />
      {open && (
        <SelectList
          ref={popover}
          id={list}
          options={shown}
          value={value}
          at={at}
          choose={choose}
          point={setAt}
        />
      )}
    </div>
  )
}

function matching(options: Option[], query: string): Option[] {
  const words = query.trim().toLowerCase()
  return words ? options.filter((option) => option.label.toLowerCase().includes(words)) : options
}
