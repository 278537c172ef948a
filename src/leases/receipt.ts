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
 * What can be said of a change. `pending` is not yet trusted: verifiers in `waitingFor` may still accept, and
 * somebody goes on confirming it. `unknown`: the database could not be asked.
 */
export type Receipt =
  | Confirmed
  | { state: 'pending'; seq: number; waitingFor: string[] }
  | { state: 'unknown'; reason: string }

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

/** A change that was confirmed, as the database has it. */
export type Settled = { seq: number; confirmed_at: Date; receipt: Evidence }

export const receiptFrom = ({ seq, confirmed_at, receipt }: Settled): Confirmed => ({
  state: 'confirmed',
  seq,
  at: confirmed_at,
  ...receipt,
})

/** The receipt of a change as the database has it; pending as long as nobody has confirmed it. */
export async function receiptOf(db: Executor, seq: number): Promise<Receipt> {
  const row = await db('changes').where({ seq }).first('seq', 'confirmed_at', 'receipt')
  // A change whose row is gone was confirmed long ago: only those are pruned.
  if (!row) return { ...nothingToLearn, seq }
  return row.confirmed_at ? receiptFrom(row) : { state: 'pending', seq, waitingFor: [] }
}
