import type { Executor } from '../foundation/database.ts'

/** A verifier that may answer from memory. */
export type LiveVerifier = { incarnation: string; name: string }

/** The verifiers whose lease has not run out, by the database's clock. */
export async function liveVerifiers(db: Executor): Promise<LiveVerifier[]> {
  const { rows } = await db.raw(
    `select incarnation, name from leases
     where renewals > 0 and renewed_at + ttl_ms * interval '1 millisecond' > clock_timestamp() order by name, incarnation`,
  )
  return rows
}
