import type { Knex } from 'knex'
import type { MigrationEffect } from '../src/foundation/migration.ts'
import { runSchemaFile } from '../src/foundation/schema.ts'

export const effect: MigrationEffect = {
  purpose: 'a table of where usage panels stand, so that the next one takes the place of the last',
  locks: {},
  rewrites: [],
}

export async function up(knex: Knex): Promise<void> {
  await runSchemaFile(knex, 'usage.panels.sql')
}

/** Knex asks for it; rolling back is running the older version on this. */
export async function down(): Promise<void> {
  throw new Error('The version before runs on this: there is nothing to undo.')
}
