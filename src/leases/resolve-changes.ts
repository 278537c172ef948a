import type { DedicatedConnection } from '../foundation/dedicated-connection.ts'
import type { World } from '../foundation/world.ts'
import { durably } from './durable.ts'
import { type Confirmed, type ConfirmedRow, type Evidence, receiptFrom } from './receipt.ts'

const actor = { kind: 'job', id: 'confirm-changes' }

const resolution = { name: 'resolve_changes', text: 'select * from resolve_changes($1, $2, $3, $4, $5)' }

/**
 * Writes down that every change up to `seq` is confirmed, with the evidence, and records it in the audit: one
 * transaction. Changes that somebody else confirmed meanwhile keep their receipt.
 * @param epoch the one in which the leases were read
 * @returns the receipts that were written here, by change
 * @throws when the database has recovered since: the change may be lost
 */
export async function resolveChanges(
  connection: DedicatedConnection,
  clock: World['clock'],
  { seq, epoch, evidence }: { seq: number; epoch: string; evidence: Omit<Evidence, 'tookMs'> },
): Promise<Map<number, Confirmed>> {
  const rows = await connection.query<ConfirmedRow>(resolution, [
    seq,
    epoch,
    JSON.stringify(evidence),
    clock.now().toISOString(),
    JSON.stringify(actor),
  ])
  return new Map(rows.map((row) => [row.seq, receiptFrom(row)]))
}

const proof = {
  name: 'prove',
  text: `update change_log set proven_at = clock_timestamp()
    where current_setting('synchronous_standby_names') <> ''`,
}

/** Returns once everything that was committed before is as durable as the operator asked for, or throws. */
export const proveDurable = (connection: DedicatedConnection): Promise<unknown> =>
  durably(connection, proof, [])
