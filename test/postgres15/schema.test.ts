import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { postgres15 } from './programs.ts'

const checkedIn = new URL('../../schema.sql', import.meta.url)

test.skipIf(!postgres15)('schema.sql is what the migrations make', async () => {
  const server = await startPostgres({ programs: postgres15, durable: false })
  try {
    await migrate(server.url)
    const dumped = dump(join(dirname(postgres15!.postgres), 'pg_dump'), server.url)
    if (process.env.UPDATE_SCHEMA) writeFileSync(checkedIn, dumped)
    expect(readFileSync(checkedIn, 'utf8'), 'schema.sql is old. Run: npm run schema').toBe(dumped)
  } finally {
    await server.stop()
  }
})

/** The dump of everything but the tables of knex, without the lines about pg_dump and its session. */
function dump(program: string, url: string): string {
  const options = ['--schema-only', '--no-owner', '--no-comments', '--exclude-table=knex_*']
  const { status, stdout, stderr } = spawnSync(program, [...options, url], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const lines = stdout
    .split('\n')
    .filter((line) => !/^(--|\\|SET |SELECT pg_catalog\.set_config)/.test(line))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return `-- A migrated database as pg_dump of PostgreSQL 15 describes it. Made by: npm run schema\n\n${lines}\n`
}
