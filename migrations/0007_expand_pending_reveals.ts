import type { Knex } from 'knex'
import type { MigrationEffect } from '../src/foundation/migration.ts'
import { runSchemaFile } from '../src/foundation/schema.ts'

export const effect: MigrationEffect = {
  purpose:
    'tokens of which nobody knows whether they were shown, so that one is voided when the process that would show it dies',
  locks: { keys: 'SHARE ROW EXCLUSIVE' },
  rewrites: [],
}

export async function up(knex: Knex): Promise<void> {
  await runSchemaFile(knex, 'keys.pending.sql')
}

/** Knex asks for it; rolling back is running the older version on this. */
export async function down(): Promise<void> {
  throw new Error('The version before runs on this: there is nothing to undo.')
}
