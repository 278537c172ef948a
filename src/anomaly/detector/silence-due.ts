import { bucketSeconds, hourBuckets, silenceMissing } from './constants.ts'
import { comparable } from './hours.ts'
import { usualSilence } from './silence.ts'
import type { KeyState } from './state.ts'

/** Silences are waited for within two days, and followed for three. */
const aheadBuckets = 576
const followedBuckets = 864

/**
 * When a silence from here on could alert, in seconds since 1970: the end of the first bucket that makes it longer
 * than usual, with enough requests missing. Undefined for a key whose silence means nothing, or has alerted already.
 */
export function silenceDue(state: KeyState): number | undefined {
  if (state.seen === 0 || state.silence > followedBuckets) return undefined
  const usual = usualSilence(state)
  let { silence, missing, hour, comparableLow: low } = state
  let left = hourBuckets - state.hourSeen
  for (let ahead = 1; ahead <= aheadBuckets; ahead++, left--) {
    if (left <= 0) {
      low = comparable(state, ++hour).low
      left = hourBuckets
    }
    silence++
    missing += low / hourBuckets
    if (silence >= usual && missing >= silenceMissing) return (state.bucket + ahead + 1) * bucketSeconds
  }
  return undefined
}
