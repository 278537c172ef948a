import { minuteMs } from '../foundation/time.ts'
/** The rest of a key's limit in this minute, on this replica. */
export type Allowance = {
  isAllowed: boolean
  /** requests per minute, of the whole fleet */
  limit: number
  /** requests that this replica still lets through in this minute */
  remaining: number
  /** whole seconds until the next minute */
  resetSeconds: number
}

/**
 * This replica's part of a limit: equal parts, the rest to those who come first, so that the parts add up to the
 * limit exactly. A replica that would get nothing lets one through, or a key's fate would hang on the balancer.
 */
export function shareOf(limit: number, { replicas, place }: { replicas: number; place: number }): number {
  const part = Math.floor(limit / replicas) + (place < limit % replicas ? 1 : 0)
  return Math.max(1, part)
}

/** Counts requests of limited keys per minute of real time: exactly this replica's share passes in each. */
export class Limits {
  #minute = 0
  #used = new Map<string, number>()

  take(keyId: string, limit: number, share: number, wallMs: number): Allowance {
    const minute = Math.floor(wallMs / minuteMs)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#used.clear()
    }
    const used = this.#used.get(keyId) ?? 0
    const isAllowed = used < share
    if (isAllowed) this.#used.set(keyId, used + 1)
    return {
      isAllowed,
      limit,
      remaining: Math.max(0, share - used - (isAllowed ? 1 : 0)),
      resetSeconds: Math.ceil(((minute + 1) * minuteMs - wallMs) / 1_000),
    }
  }
}
