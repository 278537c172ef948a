import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { startPgBouncer } from '../../../sandbox/services/pgbouncer.ts'
import { administer, databaseUrl } from '../../setup/administer.ts'
import { keywarden } from '../../setup/process.ts'
import { openLab } from '../lab/lab.ts'
import {
  acceptedAfterwards,
  openSingle,
  revokeByShell,
  type Schedule,
  type Stage,
  soon,
  warmed,
} from './stage.ts'

const run = promisify(execFile)

const program = ({ programs }: Stage, name: string): string =>
  join(programs ? dirname(programs.postgres) : '', name)

async function restoring(
  stage: Stage,
  restore: (args: string[], to: string) => Promise<unknown>,
): Promise<void> {
  const { primary } = await openSingle(stage)
  await administer(primary.url, 'create database restored')
  const url = databaseUrl(primary.url, 'restored')
  const lab = await openLab(url)
  stage.later(lab.close)
  const keys = await lab.keys(20)
  const verifier = await warmed(lab, keys, '5s')
  const folder = await mkdtemp(join(tmpdir(), 'keywarden-dump-'))
  stage.later(() => rm(folder, { recursive: true }))
  const dump = join(folder, 'dump')
  await run(program(stage, 'pg_dump'), ['-Fc', '-f', dump, '-d', url])
  for (const key of keys.slice(0, 10)) await lab.confirm(await lab.revoke(key))
  await administer(primary.url, 'drop database restored with (force)')
  await administer(primary.url, 'create database restored')
  await restore([dump], url)
  await lab.keys(0)
  await soon(async () => (await verifier.ask(keys[19]!)) === 'VALID', 'an answer')
  assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(10), 700), [])
}

export const others: Schedule[] = [
  {
    name: 'restore-at-once',
    title:
      'after a dump is restored in one transaction, each confirmed revoke is obeyed by verifiers that kept running',
    play: (stage) =>
      restoring(stage, (args, to) => run(program(stage, 'pg_restore'), ['-1', '-d', to, ...args])),
  },
  {
    name: 'restore-in-pieces',
    title: 'the same where verifiers meet tables that are only half restored',
    play: (stage) =>
      // Its exit code is 1 where an epoch began before its primary key was there.
      restoring(stage, (args, to) =>
        run(program(stage, 'pg_restore'), ['-d', to, ...args]).catch(() => undefined),
      ),
  },
  {
    name: 'pooler-transactions',
    title: 'PgBouncer in transaction mode is refused by name at the start, also when it ignores settings',
    async play(stage) {
      const { primary } = await openSingle(stage)
      for (const more of [[], ['ignore_startup_parameters = statement_timeout,lock_timeout']]) {
        const pooler = await startPgBouncer(primary.url, 'transaction', more)
        const started = keywarden(['start', '--roles', 'verify'], { DATABASE_URL: pooler.url })
        assert.equal(await started.ended, 1)
        await pooler.stop()
        assert.match(
          started.said(),
          /^DATABASE_URL leads to a pooler in transaction mode, such as PgBouncer.*\n$/,
        )
      }
    },
  },
  {
    name: 'pooler-sessions',
    title: 'behind PgBouncer in session mode a revoke is confirmed by verifiers and obeyed',
    async play(stage) {
      const { primary, lab } = await openSingle(stage)
      const pooler = await startPgBouncer(primary.url, 'session', ['default_pool_size = 60'])
      stage.later(pooler.stop)
      const keys = await lab.keys(4)
      const verifier = await lab.place({ KEYWARDEN_LEASE: '5s', DATABASE_URL: pooler.url })
      const leased = () => administer(primary.url, 'select from leases where renewals > 1')
      await soon(async () => (await leased()).length === 1, 'a lease')
      for (const key of keys) assert.equal(await verifier.ask(key), 'VALID')
      const revoking = revokeByShell(pooler.url, keys[0]!)
      assert.equal(await revoking.ended, 0)
      assert.match(revoking.said(), /1 of 1 server confirmed/)
      assert.deepEqual(await acceptedAfterwards(lab, [verifier], keys.slice(1), 300), [])
    },
  },
  {
    name: 'start-without-database',
    title: 'a verifier that starts while Postgres is away ends with 1 and one sentence',
    isShort: true,
    async play() {
      const started = keywarden(['start', '--roles', 'verify'], {
        DATABASE_URL: 'postgres://k:p@127.0.0.1:9/k',
      })
      assert.equal(await started.ended, 1)
      assert.match(started.said(), /^Postgres cannot be reached \(.*\)\. Check DATABASE_URL .*\.\n$/)
    },
  },
  {
    name: 'stop-cut-off',
    title: 'a verifier that is cut off ends in order when it is asked to',
    async play(stage) {
      const { lab } = await openSingle(stage)
      const keys = await lab.keys(2)
      const verifier = await warmed(lab, keys, '5s')
      verifier.cable.blackhole()
      assert.equal(await verifier.process.end(), 0)
    },
  },
]
