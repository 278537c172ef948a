import type { Executor } from '../foundation/database.ts'

/** The proof that no verifier can answer from before a change. Verifiers are named by host and process. */
export type Evidence = {
  /** said that they let go of what changed */
  confirmed: string[]
  /** renewed their lease since, which carried the change, and every lease from before it has run out */
  renewed: string[]
  /** were silent for their whole lease, and have lost it */
  waitedOut: string[]
  tookMs: number
}

export type Confirmed = { state: 'confirmed'; seq: number | null; at: Date | null } & Evidence

/**
 * The state of a change. `pending`: verifiers in `waitingFor` may still accept the key, and confirming goes on.
 * `unknown`: the database could not be asked; or it recovered, and the number of the change means nothing any more; or it
 * does not have the change, which will never be confirmed.
 */
export type Receipt =
  | Confirmed
  | { state: 'pending'; seq: number; waitingFor: string[] }
  | { state: 'unknown'; reason: string; why?: 'recovered' | 'lost' }

/** A promotion or a restore has lost the change, or it was undone. */
export const lost: Receipt = {
  state: 'unknown',
  reason: 'the database does not have the change',
  why: 'lost',
}

export const isLost = (receipt: Receipt): boolean => receipt.state === 'unknown' && receipt.why === 'lost'

export const recovered: Receipt = {
  state: 'unknown',
  reason: 'the database recovered during the wait',
  why: 'recovered',
}

/** For a key that no verifier can have remembered: nobody was asked, since nobody could know it. */
export const nothingToLearn = {
  state: 'confirmed',
  seq: null,
  at: null,
  confirmed: [],
  renewed: [],
  waitedOut: [],
  tookMs: 0,
} satisfies Confirmed

/** A confirmed change, as the database has it. */
export type ConfirmedRow = { seq: number; confirmed_at: Date; receipt: Evidence }

export const receiptFrom = ({ seq, confirmed_at, receipt }: ConfirmedRow): Confirmed => ({
  state: 'confirmed',
  seq,
  at: confirmed_at,
  ...receipt,
})

/**
 * The receipt of a change as the database has it; pending as long as nobody has confirmed it. Only what was confirmed
 * is pruned, so a change that is missing although nothing was pruned up to it is lost.
 * @param epoch whose number it is; whichever is current unless given
 */
export async function receiptOf(db: Executor, seq: number, epoch?: string): Promise<Receipt> {
  const { rows } = await db.raw(
    `select c.seq, c.confirmed_at, c.receipt, log.pruned_to, (select id from epoch) as epoch
     from change_log log left join changes c on c.seq = ?`,
    [seq],
  )
  const [row] = rows
  if (epoch !== undefined && row.epoch !== epoch) return recovered
  if (row.confirmed_at) return receiptFrom(row)
  if (row.seq !== null) return { state: 'pending', seq, waitingFor: [] }
  return seq <= row.pruned_to ? { ...nothingToLearn, seq } : lost
}
