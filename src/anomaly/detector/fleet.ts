import type { Reason } from './reason.ts'

/** Which way traffic moved. */
export type Direction = 'more' | 'less' | 'failing'

export const directionOf = (reason: Reason): Direction => {
  if (reason === 'silence' || reason === 'fall') return 'less'
  return reason === 'errors' || reason === 'probing' ? 'failing' : 'more'
}

/** Fewer keys than this alert one by one. */
export const fewestKeys = 5
/** A fifth of the active keys at once is the platform's doing, or a holiday's, not each key's. */
const fleetShare = 0.2

/** With more active keys than this, that many which alerted are no event. */
export const maxActive = (spoke: number): number => Math.ceil(spoke / fleetShare)

/** This many times the usual factor of an event is no part of it. */
const farBeyond = 4

/** An episode of a key that does not stand alone so far: why it alerted, and how many times its busiest that was. */
export type Spoke = { id: number; reason: Reason; factor: number }

export type Gathered = {
  /** directions in which an event begins */
  begins: Direction[]
  /** episodes far beyond what the others of their event do: each is an incident of its own, that none may hide */
  apart: number[]
}

/**
 * Decides for the episodes of one workspace which events begin, and which of them are no part of any. An event begins in a direction in which so many keys moved
 * within one hour that it is the platform's doing. `members`: the episodes of open events, by direction; they too may be
 * far beyond the others by now. Pure.
 */
export function gather(
  spoke: readonly Spoke[],
  members: ReadonlyMap<Direction, readonly Spoke[]>,
  activeKeys: number,
): Gathered {
  const gathered: Gathered = { begins: [], apart: [] }
  for (const direction of ['more', 'less', 'failing'] as const) {
    const fresh = spoke.filter(({ reason }) => directionOf(reason) === direction)
    const open = members.get(direction)
    const all = [...(open ?? []), ...fresh]
    const limit =
      direction === 'more' ? farBeyond * median(all.map(({ factor }) => factor)) : Number.POSITIVE_INFINITY
    const isWithin = ({ factor }: Spoke) => factor <= limit
    const begins = !open && fresh.filter(isWithin).length >= Math.max(fewestKeys, fleetShare * activeKeys)
    if (!open && !begins) continue
    if (begins) gathered.begins.push(direction)
    gathered.apart.push(...all.filter((one) => !isWithin(one)).map(({ id }) => id))
  }
  return gathered
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
