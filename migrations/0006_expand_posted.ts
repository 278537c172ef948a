import type { Knex } from 'knex'
import type { MigrationEffect } from '../src/foundation/migration.ts'
import { runSchemaFile } from '../src/foundation/schema.ts'

export const effect: MigrationEffect = {
  purpose:
    'what a live message was read with and what its picture shows, so that an edit reads and draws the same anew',
  locks: { posted_messages: 'ACCESS EXCLUSIVE' },
  rewrites: [],
}

export async function up(knex: Knex): Promise<void> {
  await runSchemaFile(knex, 'notifications.posted.sql')
}

/** Knex asks for it; rolling back is running the older version on this. */
export async function down(): Promise<void> {
  throw new Error('The version before runs on this: there is nothing to undo.')
}
