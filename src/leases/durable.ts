import type { DedicatedConnection, Statement } from '../foundation/dedicated-connection.ts'

/**
 * Runs a statement that commits, and returns once it is as durable as the operator asked for: where a synchronous
 * standby is named, the commit waits for it, and everything before it in the log goes along.
 * @throws Error when Postgres gave up waiting for the standby; what it was to save is not yet safe then
 */
export async function durably<Row>(
  connection: DedicatedConnection,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  connection.warnings()
  const rows = await connection.query<Row>(statement, values)
  const warning = connection.warnings().find((text) => /synchronous replication/.test(text))
  if (warning) throw new Error(`not yet durable: ${warning}`)
  return rows
}
