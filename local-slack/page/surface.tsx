import { createContext, useCallback, useContext, useRef, useState } from 'react'
import type { Delivered, InputValue, InputValues, Place } from '../contract.ts'
import { api } from './api.ts'
import { useConfirm } from './confirm.tsx'
import { collectValues, type Loose } from './values.ts'

/** The message, modal or Home that a control stands in: what its controls hold, and how a click leaves it. */
export type Surface = {
  kind: 'message' | 'modal' | 'home'
  typed: InputValues
  known: InputValues
  errors: Record<string, string>
  type: (blockId: string, actionId: string, value: InputValue) => void
  /** posts the action after the element's own confirmation; the value is what the control now holds */
  click: (blockId: string, element: Loose, value?: InputValue) => void
  busy: string | undefined
  failure: { blockId: string; error: string } | undefined
}

const Context = createContext<Surface | undefined>(undefined)
export const SurfaceProvider = Context.Provider

export function useSurface(): Surface {
  const surface = useContext(Context)
  if (!surface) throw new Error('useSurface outside of its provider')
  return surface
}

type Options = {
  kind: Surface['kind']
  user: string
  place: Place
  blocks: Loose[]
  typed: InputValues
  setTyped: (change: (typed: InputValues) => InputValues) => void
  known?: InputValues
  errors?: Record<string, string>
}

const NOTHING = {}

/** Makes the surface of one place; typed values belong to the caller, who knows how long they live. */
export function useSurfaceOf(options: Options): Surface {
  const { kind, user, place, blocks, typed, setTyped, known = NOTHING, errors = NOTHING } = options
  const confirm = useConfirm()
  const [busy, setBusy] = useState<string>()
  const [failure, setFailure] = useState<Surface['failure']>()
  const latest = useRef({ blocks, typed, known })
  latest.current = { blocks, typed, known }

  const type = useCallback(
    (blockId: string, actionId: string, value: InputValue) => {
      const merge = (from: InputValues) => ({ ...from, [blockId]: { ...from[blockId], [actionId]: value } })
      latest.current.typed = merge(latest.current.typed)
      setTyped(merge)
    },
    [setTyped],
  )
  const click = async (blockId: string, element: Loose, value?: InputValue) => {
    const actionId = element.action_id ?? ''
    if (element.confirm && !(await confirm(element.confirm as Loose))) return
    if (value !== undefined) type(blockId, actionId, value)
    setBusy(`${blockId}/${actionId}`)
    setFailure(undefined)
    const now = latest.current
    const delivered: Delivered = await api.click(user, {
      at: place,
      blockId,
      actionId,
      ...(value !== undefined && { value }),
      values: collectValues(now.blocks, now.typed, now.known),
    })
    setBusy(undefined)
    if (!delivered.ok) setFailure({ blockId, error: delivered.error })
  }
  return { kind, typed, known, errors, type, click: (...action) => void click(...action), busy, failure }
}
