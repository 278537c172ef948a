import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { PostgresServer } from '../../../sandbox/services/postgres.ts'
import type { PostgresPrograms } from '../../../sandbox/services/postgres-programs.ts'
import { demote, startStandby } from '../../../sandbox/services/standby.ts'
import { administer, databaseUrl } from '../../setup/administer.ts'
import { openCable } from '../lab/cable.ts'
import type { Lab } from '../lab/lab.ts'
import { giveUpWaits, openPair, type Stage, soon } from '../seams/stage.ts'

/** What a restore does to history; `endedMs` is set when it is complete. */
type Told = { dumpedMs: number; begunMs: number; endedMs: number }

/** A primary with a named synchronous standby, one after the other, behind one address. All that is here comes back healthy. */
export type Servers = {
  lab: Lab
  crash(): Promise<void>
  /** the standby lacks for so long what is committed */
  cutReplication(ms: number): Promise<void>
  /** the primary is gone for good; before that, for so long, somebody gives up on each wait for the standby */
  promote(givingUpMs: number): Promise<void>
  /** roles change; the address leads to the demoted server so long */
  switchOver(lateMs: number): Promise<void>
  /** `tell` has the moments as soon as they are known */
  restore(afterMs: number, tell: (restore: Told) => void): Promise<void>
  restartSequence(): Promise<void>
}

/** Every standby has one of these names, so no server commits alone. */
const settings = [
  `alter system set synchronous_standby_names = 'ANY 1 (berlin, demoted)'`,
  `alter system set wal_retrieve_retry_interval = '200ms'`,
  'select pg_reload_conf()',
]

const configure = async (server: PostgresServer) => {
  for (const setting of settings) await administer(server.url, setting)
}

export async function openServers(stage: Stage & { programs: PostgresPrograms }): Promise<Servers> {
  const { programs, later } = stage
  const pair = await openPair(stage, true)
  const { address, lab } = pair
  let { primary, standby, replication } = pair
  await configure(primary)
  await configure(standby)
  // The standbys run without it, for speed; a promoted one must wait for its own standby nevertheless.
  await administer(primary.url, 'alter role postgres set synchronous_commit = on')

  async function replicationTo(server: PostgresServer) {
    const cable = await openCable(server.url)
    later(cable.close)
    return cable
  }

  function lead() {
    address.lead(primary.url)
    address.reset()
  }

  async function follow() {
    replication = await replicationTo(primary)
    standby = await startStandby({ ...primary, url: replication.url }, { programs, name: 'berlin' })
    later(standby.stop)
    await configure(standby)
  }

  const healthy = () =>
    soon(async () => {
      const state = `select from pg_stat_replication where state = 'streaming' and sync_state in ('sync', 'quorum')`
      return (await administer(primary.url, state).catch(() => [])).length > 0
    }, 'a standby that follows')

  const then = async (work: () => Promise<unknown>) => {
    await work()
    await healthy()
    await lab.keys(0)
  }

  const run = (program: 'pg_dump' | 'pg_restore', ...args: string[]) =>
    promisify(execFile)(join(dirname(programs.postgres), program), args)

  return {
    lab,
    crash: () =>
      then(async () => {
        await primary.kill()
        await primary.restart()
      }),
    cutReplication: (ms) =>
      then(async () => {
        replication.blackhole()
        await pause(ms)
        replication.heal()
      }),
    promote: (givingUpMs) =>
      then(async () => {
        if (givingUpMs > 0) replication.blackhole()
        for (const until = performance.now() + givingUpMs; performance.now() < until; await pause(50))
          await giveUpWaits(primary.url)
        await primary.kill()
        await administer(standby.url, 'select pg_promote(true, 60)')
        const gone = primary
        primary = standby
        lead()
        await gone.stop()
        await follow()
      }),
    switchOver: (lateMs) =>
      then(async () => {
        const next = await replicationTo(standby)
        await demote(primary, { ...standby, url: next.url }, programs)
        await administer(standby.url, 'select pg_promote(true, 60)')
        await pause(lateMs)
        ;[primary, standby] = [standby, primary]
        replication = next
        lead()
      }),
    restore: (afterMs, tell) =>
      then(async () => {
        const folder = await mkdtemp(join(tmpdir(), 'keywarden-dump-'))
        try {
          const file = join(folder, 'all.dump')
          const dumpedMs = performance.now()
          await run('pg_dump', '--format=custom', `--file=${file}`, primary.url)
          await pause(afterMs)
          const told = { dumpedMs, begunMs: performance.now(), endedMs: Number.POSITIVE_INFINITY }
          tell(told)
          const other = databaseUrl(primary.url, 'template1')
          await administer(other, 'drop database postgres with (force)')
          await administer(other, 'create database postgres template template0')
          await run('pg_restore', '--single-transaction', `--dbname=${primary.url}`, file)
          told.endedMs = performance.now()
        } finally {
          await rm(folder, { recursive: true })
        }
      }),
    restartSequence: () => then(() => administer(primary.url, 'alter sequence change_seq restart')),
  }
}
