import { Fragment, type RefObject, useEffect } from 'react'
import { Icon } from '../icons.tsx'
import type { Option } from './select.tsx'

type Props = {
  ref: RefObject<HTMLDivElement | null>
  id: string
  options: Option[]
  value: string[]
  at: number
  choose: (option: Option) => void
  point: (at: number) => void
}

export function SelectList({ ref, id, options, value, at, choose, point }: Props) {
  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' })
  }, [id, at])
  return (
    <div
      ref={ref}
      id={id}
      popover="manual"
      role="listbox"
      className="menu listbox"
      onMouseDown={(event) => event.preventDefault()}
    >
      {options.length === 0 && <p className="menu-empty">No results</p>}
      {options.map((option, index) => (
        <Fragment key={option.value}>
          {option.group && option.group !== options[index - 1]?.group && (
            <p className="menu-group">{option.group}</p>
          )}
          {/* biome-ignore lint/a11y/useFocusableInteractive: see the list */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the keys */}
          <div
            id={`${id}-${index}`}
            role="option"
            aria-selected={value.includes(option.value)}
            className={index === at ? 'menu-item active' : 'menu-item'}
            onMouseMove={() => index !== at && point(index)}
            onClick={() => choose(option)}
          >
            <span className="menu-label">
              <bdi>{option.label}</bdi>
              {option.description && <span className="menu-description">{option.description}</span>}
            </span>
            {value.includes(option.value) && <Icon name="check" size={16} />}
          </div>
        </Fragment>
      ))}
    </div>
  )
}
