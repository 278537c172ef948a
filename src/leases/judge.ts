import type { Evidence } from './receipt.ts'

/** A lease as one reading has it. */
export type LeaseRow = {
  incarnation: string
  name: string
  ttl_ms: number
  renewals: number
  /** the newest change when it last renewed */
  head_at_renewal: number
  acknowledged: number
}

export type Judgement = {
  evidence: Pick<Evidence, 'confirmed' | 'renewed'>
  /** silent for a whole lease since the first reading: to be fenced, and only if they have not renewed since */
  toFence: LeaseRow[]
  waitingFor: LeaseRow[]
}

/**
 * Judges a change by one reading of the leases. `sinceMs` is how long ago, by the waiter's monotonic clock, the first
 * reading was made that could see the change: every lease granted before the change has run out once its whole length has
 * passed since then, and every one granted after the change carried it. Pure.
 */
export function judge(seq: number, leases: readonly LeaseRow[], sinceMs: number): Judgement {
  const judgement: Judgement = { evidence: { confirmed: [], renewed: [] }, toFence: [], waitingFor: [] }
  for (const lease of leases) {
    if (lease.acknowledged >= seq) judgement.evidence.confirmed.push(lease.name)
    else if (sinceMs < lease.ttl_ms) judgement.waitingFor.push(lease)
    else if (lease.head_at_renewal >= seq) judgement.evidence.renewed.push(lease.name)
    else judgement.toFence.push(lease)
  }
  return judgement
}
