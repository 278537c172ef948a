import { useEffect, useLayoutEffect, useRef, useState } from 'react'

const NEAR_PX = 80

/** Keeps a list at its end while the reader is there; otherwise says that something new came below. */
export function useStickyScroll(place: string, newest: string | undefined) {
  const ref = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const [unseen, setUnseen] = useState(false)

  const toBottom = () => {
    const list = ref.current
    if (list) list.scrollTop = list.scrollHeight
    atEnd.current = true
    setUnseen(false)
  }
  useLayoutEffect(toBottom, [place])
  useLayoutEffect(() => {
    if (atEnd.current) toBottom()
    else setUnseen(true)
  }, [newest])
  useEffect(() => {
    const list = ref.current
    if (!list) return
    const grown = new ResizeObserver(() => {
      if (atEnd.current) list.scrollTop = list.scrollHeight
    })
    grown.observe(list)
    for (const child of list.children) grown.observe(child)
    return () => grown.disconnect()
  })
  const onScroll = () => {
    const list = ref.current
    if (!list) return
    atEnd.current = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX
    if (atEnd.current) setUnseen(false)
  }
  return { ref, onScroll, unseen, toBottom }
}
