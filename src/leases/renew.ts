import type { DedicatedConnection } from '../foundation/dedicated-connection.ts'
import { durably } from './durable.ts'

export type Incarnation = {
  /** fresh at each boot and after each fencing: a verifier with a new one has an empty memory */
  id: string
  /** host and process, for receipts */
  name: string
  ttlMs: number
}

/** The answer to a renewal. `head` is the newest change: all up to it must be applied before the lease counts. */
export type Renewal = {
  isFenced: boolean
  epoch: string
  head: number
  prunedTo: number
  databaseMs: number
  /** verifiers with a live lease, and how many of them sort before this one */
  replicas: number
  place: number
}

type Row = {
  is_fenced: boolean
  epoch_id: string
  head: number
  pruned: number
  database_ms: number
  replicas: number
  place: number
}

const statement = { name: 'renew', text: 'select * from renew_lease($1, $2, $3, $4, $5)' }

/**
 * Begins (with an empty memory) or renews a lease; also acknowledges everything up to `applied`.
 * @throws when the database did not answer, or a synchronous standby may not have it: there is no lease then, also
 *   where the database granted it.
 */
export async function renew(
  connection: DedicatedConnection,
  { id, name, ttlMs }: Incarnation,
  applied: number,
  isBeginning: boolean,
): Promise<Renewal> {
  const [row] = await durably<Row>(connection, statement, [id, name, ttlMs, applied, isBeginning])
  return {
    isFenced: row!.is_fenced,
    epoch: row!.epoch_id,
    head: row!.head,
    prunedTo: row!.pruned,
    databaseMs: row!.database_ms,
    replicas: row!.replicas,
    place: row!.place,
  }
}

/** Gives a lease back. Only for who has stopped answering from memory and does not begin again. */
export async function release(connection: DedicatedConnection, incarnationId: string): Promise<void> {
  await connection.query({ name: 'release', text: 'delete from leases where incarnation = $1' }, [
    incarnationId,
  ])
}
