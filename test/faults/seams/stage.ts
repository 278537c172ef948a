import { setTimeout as pause } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '../../../sandbox/services/postgres.ts'
import type { PostgresPrograms } from '../../../sandbox/services/postgres-programs.ts'
import { startStandby } from '../../../sandbox/services/standby.ts'
import { administer } from '../../setup/administer.ts'
import { keywarden, type Process } from '../../setup/process.ts'
import { type Cable, openCable } from '../lab/cable.ts'
import { type Lab, openLab, type Placed } from '../lab/lab.ts'
import type { LabKey } from '../lab/seed.ts'

/** One promise, and the events in which it is kept. Rejects when it is broken. */
export type Schedule = {
  name: string
  /** the promise, as a sentence */
  title: string
  /** it takes less than five seconds and needs no program but those of Postgres: `bin/test` runs it too */
  isShort?: boolean
  play(stage: Stage): Promise<void>
}

export type Stage = {
  /** those of PostgreSQL 15, or undefined for the embedded ones */
  programs: PostgresPrograms | undefined
  /** runs when the schedule is over, in reverse order */
  later(close: () => Promise<unknown>): void
}

/** No schedule takes longer, unless something hangs. */
const limitMs = 120_000

/** Plays one schedule and cleans up after it. */
export async function play(schedule: Schedule, programs: PostgresPrograms | undefined): Promise<void> {
  const closing: (() => Promise<unknown>)[] = []
  try {
    const late = pause(limitMs, undefined, { ref: false }).then(() => {
      throw new Error(`it hangs: ${limitMs / 1000} s passed`)
    })
    await Promise.race([schedule.play({ programs, later: (close) => closing.push(close) }), late])
  } finally {
    for (const close of closing.reverse()) await close().catch(() => undefined)
  }
}

/** A primary behind an address that everybody uses, and that can be moved. */
export type Single = { primary: PostgresServer; address: Cable; lab: Lab }

export async function openSingle({ programs, later }: Stage): Promise<Single> {
  const primary = await startPostgres({ own: true, ...(programs ? { programs } : {}) })
  later(primary.stop)
  const address = await openCable(primary.url)
  later(address.close)
  const lab = await openLab(address.url)
  later(lab.close)
  return { primary, address, lab }
}

export type Pair = Single & {
  standby: PostgresServer
  /** between primary and standby */
  replication: Cable
  /** the standby has everything that the primary has */
  caughtUp(): Promise<void>
  /** the primary is gone for good, the standby is promoted, and the address leads to it */
  failOver(): Promise<void>
}

/** @param isNamed whether a commit waits for the standby */
export async function openPair(stage: Stage, isNamed: boolean): Promise<Pair> {
  const { programs, later } = stage
  const single = await openSingle(stage)
  const { primary, address, lab } = single
  const replication = await openCable(primary.url)
  later(replication.close)
  const source = { ...primary, url: replication.url }
  const standby = await startStandby(source, { ...(programs ? { programs } : {}), name: 'berlin' })
  later(standby.stop)
  await soon(async () => (await administer(primary.url, 'select from pg_stat_replication')).length === 1)
  if (isNamed) {
    await administer(primary.url, `alter system set synchronous_standby_names = 'berlin'`)
    await administer(primary.url, 'select pg_reload_conf()')
    const state = `select from pg_stat_replication where sync_state = 'sync'`
    await soon(async () => (await administer(primary.url, state)).length === 1)
  }
  return {
    ...single,
    standby,
    replication,
    async caughtUp() {
      const [at] = await administer(primary.url, 'select pg_current_wal_flush_lsn()::text as lsn')
      const has = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as is_there'
      await soon(async () => (await administer(standby.url, has, [at!.lsn]))[0]!.is_there)
    },
    async failOver() {
      await primary.kill()
      await administer(standby.url, 'select pg_promote(true, 60)')
      address.lead(standby.url)
      address.reset()
      await lab.keys(0)
    },
  }
}

/** Waits for a fact, at most a minute. @throws Error when it does not come about */
export async function soon(fact: () => Promise<unknown>, what = 'a fact'): Promise<void> {
  const until = performance.now() + 60_000
  while (!(await fact())) {
    if (performance.now() > until) throw new Error(`waited a minute in vain for ${what}`)
    await pause(20)
  }
}

/** A verifier that has these keys in its memory. */
export async function warmed(lab: Lab, keys: readonly LabKey[], lease: string): Promise<Placed> {
  const placed = await lab.place({ KEYWARDEN_LEASE: lease })
  const leased = () =>
    lab.sql.query('select from leases where name = $1 and renewals > 0', [placed.process.name])
  await soon(async () => (await leased()).rowCount === 1, 'a lease')
  for (const key of keys) await soon(async () => (await placed.ask(key)) === 'VALID', 'VALID')
  return placed
}

/** The operator revokes a key, in a process of its own. */
export const revokeByShell = (url: string, key: LabKey, more: Record<string, string> = {}): Process =>
  keywarden(['keys', 'revoke', key.id, '--yes'], { DATABASE_URL: url, ...more })

export const statusOf = async (url: string, key: LabKey): Promise<string | undefined> =>
  (await administer(url, 'select status from keys where id = $1', [key.id]))[0]?.status

/** Revokes at the primary alone: somebody gives up on each wait for the standby, also on those of renewals. */
export async function revokeHereAlone(url: string, keys: readonly LabKey[]): Promise<void> {
  let isOver = false
  const givingUp = (async () => {
    for (; !isOver; await pause(20)) await giveUpWaits(url)
  })()
  for (const key of keys) await administer(url, `update keys set status = 'revoked' where id = $1`, [key.id])
  isOver = true
  await givingUp
}

export const giveUpWaits = (url: string): Promise<unknown> =>
  administer(url, `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`)

/**
 * Revokes keys one after the other, and asks all verifiers for each from the moment of its confirmation on, for that
 * long. Returns the verdicts that must not be: VALID.
 */
export async function acceptedAfterwards(
  lab: Lab,
  verifiers: readonly Placed[],
  keys: readonly LabKey[],
  forMs: number,
): Promise<string[]> {
  const accepted: string[] = []
  for (const key of keys) {
    const begun = performance.now()
    await lab.confirm(await lab.revoke(key))
    const confirmed = performance.now()
    do {
      const verdicts = await Promise.all(verifiers.map((placed) => askWithin(placed, key, 500)))
      const atMs = Math.round(performance.now() - confirmed)
      for (const verdict of verdicts)
        if (verdict === 'VALID')
          accepted.push(
            `${key.id} ${atMs} ms after a confirmation that took ${Math.round(confirmed - begun)} ms`,
          )
    } while (performance.now() - confirmed < forMs)
  }
  return accepted
}

/** A verifier without a lease may wait for the database. */
export const askWithin = (placed: Placed, key: LabKey, ms: number): Promise<string> =>
  Promise.race([placed.ask(key), pause(ms, 'late', { ref: false })])
