import type { Knex } from 'knex'
import type { MigrationEffect } from '../src/foundation/migration.ts'
import { declareFunctions, putFunctions, runSchemaFile } from '../src/foundation/schema.ts'

/** In this order, since a table refers to those before it. */
const files = [
  'foundation.sql',
  'workspaces.sql',
  'keys.sql',
  'workspaces.requests.sql',
  'leases.sql',
  'acts.sql',
  'audit.sql',
  'usage.sql',
  'anomaly.sql',
  'findings.sql',
  'notifications.sql',
  'reviews.sql',
  'rotation.sql',
  'directory.sql',
  'offboarding.sql',
  'leaks.sql',
  'jobs.sql',
]

export const effect: MigrationEffect = {
  purpose: 'all tables and functions of the first release',
  locks: {},
  rewrites: [],
}

/** All tables and functions of the first release. */
export async function up(knex: Knex): Promise<void> {
  await declareFunctions(knex)
  for (const file of files) await runSchemaFile(knex, file)
  await putFunctions(knex)
}

/** Knex asks for it; nothing came before. */
export async function down(): Promise<void> {
  throw new Error('There is nothing before the baseline: drop the database.')
}
