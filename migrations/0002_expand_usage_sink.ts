import type { Knex } from 'knex'
import type { MigrationEffect } from '../src/foundation/migration.ts'
import { runSchemaFile } from '../src/foundation/schema.ts'

export const effect: MigrationEffect = {
  purpose: 'tables for usage that also goes to another store; empty until a sink is configured',
  locks: {},
  rewrites: [],
}

export async function up(knex: Knex): Promise<void> {
  await runSchemaFile(knex, 'usage.sink.sql')
}

/** Knex asks for it; rolling back is running the older version on this. */
export async function down(): Promise<void> {
  throw new Error('The version before runs on this: there is nothing to undo.')
}
