import type { Knex } from 'knex'
import { declareFunctions, putFunctions, runSchemaFile } from '../src/foundation/schema.ts'

/** In this order, since a table refers to those before it. */
const files = [
  'functions.sql',
  'workspaces.sql',
  'members.sql',
  'keys.sql',
  'leases.sql',
  'audit.sql',
  'usage.sql',
  'anomaly.sql',
  'findings.sql',
  'outbox.sql',
  'reviews.sql',
  'rotation.sql',
  'offboarding.sql',
  'directory.sql',
  'jobs.sql',
]

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
