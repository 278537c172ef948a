import type { Evidence } from './receipt.ts'

/** A lease as one look at the table saw it. */
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
  /** silent for a whole lease since the first look: to be fenced, and only if they have not renewed since */
  toFence: LeaseRow[]
  waitingFor: LeaseRow[]
}

/**
 * What a look says of a change. `lookedMs` is how long ago, by the waiter's monotonic clock, the first look was
 * made that could see the change: every lease granted before the change has run out once its whole length has
 * passed since then, and every one granted after the change carried it. Pure.
 */
export function judge(seq: number, leases: readonly LeaseRow[], lookedMs: number): Judgement {
  const judgement: Judgement = { evidence: { confirmed: [], renewed: [] }, toFence: [], waitingFor: [] }
  for (const lease of leases) {
    if (lease.acknowledged >= seq) judgement.evidence.confirmed.push(lease.name)
    else if (lookedMs < lease.ttl_ms) judgement.waitingFor.push(lease)
    else if (lease.head_at_renewal >= seq) judgement.evidence.renewed.push(lease.name)
    else judgement.toFence.push(lease)
  }
  return judgement
}
