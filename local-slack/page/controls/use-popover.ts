import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'

const GAP_PX = 4
const MARGIN_PX = 8
const TALLEST_PX = 440

/**
 * Puts an element with `popover="manual"` into the browser's top layer, below its anchor or above it
 * where there is more room, and closes it on a press elsewhere.
 */
export function usePopover(
  anchor: RefObject<HTMLElement | null>,
  open: boolean,
  close: () => void,
  end = false,
) {
  const popover = useRef<HTMLDivElement>(null)
  const latest = useRef(close)
  latest.current = close
  useLayoutEffect(() => {
    if (!open || !popover.current) return
    popover.current.showPopover()
    const place = () => anchor.current && popover.current && position(anchor.current, popover.current, end)
    place()
    const frame = new ResizeObserver(place)
    frame.observe(popover.current)
    window.addEventListener('scroll', place, true)
    window.addEventListener('resize', place)
    return () => {
      frame.disconnect()
      window.removeEventListener('scroll', place, true)
      window.removeEventListener('resize', place)
    }
  }, [open, anchor, end])
  useEffect(() => {
    if (!open) return
    const leave = (event: PointerEvent) => {
      const target = event.target as Node
      if (!popover.current?.contains(target) && !anchor.current?.contains(target)) latest.current()
    }
    document.addEventListener('pointerdown', leave, true)
    return () => document.removeEventListener('pointerdown', leave, true)
  }, [open, anchor])
  return popover
}

function position(anchor: HTMLElement, popover: HTMLElement, end: boolean): void {
  const box = anchor.getBoundingClientRect()
  const below = window.innerHeight - box.bottom - GAP_PX - MARGIN_PX
  const above = box.top - GAP_PX - MARGIN_PX
  popover.style.minWidth = `${Math.max(box.width, 180)}px`
  popover.style.maxHeight = ''
  const up = below < Math.min(popover.scrollHeight, 240) && above > below
  popover.style.maxHeight = `${Math.min(up ? above : below, TALLEST_PX)}px`
  const { width, height } = popover.getBoundingClientRect()
  const left = end ? box.right - width : box.left
  popover.style.left = `${Math.max(MARGIN_PX, Math.min(left, window.innerWidth - width - MARGIN_PX))}px`
  popover.style.top = `${up ? box.top - GAP_PX - height : box.bottom + GAP_PX}px`
}
