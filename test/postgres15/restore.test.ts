import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { type Lab, openLab, type Placed, until } from '../faults/lab/lab.ts'
import type { LabKey } from '../faults/lab/seed.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { postgres15 } from './programs.ts'

// A verifier starts as a process, and leases are waited out.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe.skipIf(!postgres15)(
  "a dump by PostgreSQL 15's own pg_dump, restored while a verifier keeps running",
  () => {
    let server: PostgresServer
    let lab: Lab
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'keywarden-dump-'))
      server = await startPostgres({ programs: postgres15!, durable: false })
      await administer(server.url, 'create database house')
      lab = await openLab(databaseUrl(server.url, 'house'))
    })
    afterEach(async () => {
      await lab?.close()
      await server?.stop()
      await rm(folder, { recursive: true })
    })

    const run = (program: 'pg_dump' | 'pg_restore', ...args: string[]) =>
      promisify(execFile)(join(dirname(postgres15!.postgres), program), args)

    /** Asks until the key is answered from memory: a lease has been renewed since, and only then is a read kept. */
    async function warm(placed: Placed, key: LabKey) {
      const { rows } = await lab.sql.query('select clock_timestamp() as at')
      await until(async () => {
        const renewed = await lab.sql.query('select from leases where renewals > 0 and renewed_at > $1', [
          rows[0].at,
        ])
        return renewed.rows.length > 0
      }, 50)
      expect(await placed.ask(key)).toBe('VALID')
    }

    const recreate = async () => {
      await administer(server.url, 'drop database house with (force)')
      await administer(server.url, 'create database house')
    }

    /** What `pg_restore --clean` cannot do: it stumbles over partitions. */
    const empty = () => lab.sql.query('drop schema public cascade; create schema public')

    test.each([
      ['into a new database of the same name', [], recreate],
      ['without what is not logged', ['--no-unlogged-table-data'], recreate],
      ['into the database that was emptied', [], empty],
    ] as const)('%s: what is revoked afterwards is refused', async (_way, dumpArgs, prepare) => {
      const placed = await lab.place({ KEYWARDEN_LEASE: '2s' })
      const [first, undone, key] = (await lab.keys(3)) as [LabKey, LabKey, LabKey]
      await lab.confirm(await lab.revoke(first))
      const file = join(folder, 'house.dump')
      await run('pg_dump', '--format=custom', `--file=${file}`, ...dumpArgs, lab.url)
      await warm(placed, key)
      for (let again = 0; again < 5; again++)
        await lab.sql.query('update keys set limit_per_minute = $1', [again + 100])
      await lab.confirm(await lab.revoke(undone))

      await prepare()
      await run('pg_restore', '--single-transaction', `--dbname=${lab.url}`, file)
      await lab.keys(0)
      await warm(placed, key)
      // The restore has undone this one, in the database and for everybody.
      expect(await placed.ask(undone)).toBe('VALID')
      expect(await placed.ask(first)).toBe('REVOKED')
      await lab.confirm(await lab.revoke(key))
      expect(await placed.ask(key)).toBe('REVOKED')
      await lab.confirm(await lab.revoke(undone))
      expect(await placed.ask(undone)).toBe('REVOKED')
    })
  },
)
