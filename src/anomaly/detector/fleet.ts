import type { Reason } from './reason.ts'

/** Which way traffic moved. */
export type Direction = 'more' | 'less' | 'failing'

export const directionOf = (reason: Reason): Direction => {
  if (reason === 'silence') return 'less'
  return reason === 'errors' || reason === 'probing' ? 'failing' : 'more'
}

/** Fewer keys than this alert one by one. */
export const fewestKeys = 5
/** A fifth of the active keys at once is the platform's doing, or a holiday's, not each key's. */
const fleetShare = 0.2

/** With more active keys than this, that many which alerted are no event. */
export const maxActive = (spoke: number): number => Math.ceil(spoke / fleetShare)

/**
 * The directions in which so many of a workspace's keys moved within one hour that it is one event: their alerts
 * belong in one message. `reasons` are those of the keys that alerted within the hour, one per key.
 */
export function fleetEvents(reasons: readonly Reason[], activeKeys: number): Direction[] {
  const directions: Direction[] = ['more', 'less', 'failing']
  return directions.filter((direction) => {
    const moved = reasons.filter((reason) => directionOf(reason) === direction).length
    return moved >= Math.max(fewestKeys, fleetShare * activeKeys)
  })
}
