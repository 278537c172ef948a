import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type * as Acts from '../../../src/acts/perform.ts'
import type * as Clocks from '../../../src/foundation/clock.ts'
import type * as Configs from '../../../src/foundation/config.ts'
import type * as Databases from '../../../src/foundation/database.ts'
import type * as Logs from '../../../src/foundation/log.ts'
import type * as Randoms from '../../../src/foundation/random.ts'
import type * as Refusals from '../../../src/foundation/refusal.ts'
import type * as States from '../../../src/keys/state.ts'
import type * as Bulk from '../../../src/keys/status-in-bulk.ts'
import type * as Confirms from '../../../src/leases/confirm.ts'
import type { Receipt } from '../../../src/leases/receipt.ts'
import { type Cable, openCable } from '../lab/cable.ts'
import { type LabKey, labWorkspace } from '../lab/seed.ts'
import { preload } from './events.ts'

/** How a change ended, for who asked for it. Only `confirmed` promises anything. */
export type Ended = 'confirmed' | 'pending' | 'unknown' | 'lost' | 'refused' | 'failed'

type Change = 'revoke' | 'deactivate'

/** Somebody who changes keys, behind a cable of their own. */
export type Changer = {
  cable: Cable
  change(key: LabKey, change: Change): Promise<Ended>
  /** all of them in one act, where it can do that */
  changeMany?(keys: readonly LabKey[], change: Change): Promise<Ended>
  /** the process that changes a key at this moment, if it is another */
  process?(): ChildProcess | undefined
  close(): Promise<void>
}

const pastParticiple = { revoke: 'revoked', deactivate: 'inactive' } as const

/** The product's acts in this process, from the copy in that folder, by its one watcher. */
export async function openInProcess(folder: string, databaseUrl: string): Promise<Changer> {
  const load = <T>(path: string): Promise<T> => import(`${folder}/src/${path}`)
  const [
    { perform },
    { systemClock },
    { readConfig },
    { openDatabase },
    { openLog },
    { systemRandom },
    { isRefusal },
    acts,
    { changeStatusInBulk },
    { confirmChange, confirmRequest, startWatching },
  ] = await Promise.all([
    load<typeof Acts>('acts/perform.ts'),
    load<typeof Clocks>('foundation/clock.ts'),
    load<typeof Configs>('foundation/config.ts'),
    load<typeof Databases>('foundation/database.ts'),
    load<typeof Logs>('foundation/log.ts'),
    load<typeof Randoms>('foundation/random.ts'),
    load<typeof Refusals>('foundation/refusal.ts'),
    load<typeof States>('keys/state.ts'),
    load<typeof Bulk>('keys/status-in-bulk.ts'),
    load<typeof Confirms>('leases/confirm.ts'),
  ])
  const cable = await openCable(databaseUrl)
  const config = readConfig({ DATABASE_URL: cable.url })
  const db = openDatabase(cable.url, { connections: 10 })
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world = { config, db, log, clock: systemClock, random: systemRandom }
  const watching = startWatching(world)
  const withinMs = 5_000

  const actor = { kind: 'operator', id: 'lab' } as const

  async function once(key: LabKey, change: Change): Promise<Ended> {
    const requestId = randomUUID()
    const done = await perform(world, actor, (act) => acts[change](act, labWorkspace, key.id), { requestId })
    if (isRefusal(done) && done.code === 'outcome_unknown') return 'unknown'
    if (isRefusal(done) && done.code !== 'already' && done.code !== 'gone') return 'refused'
    const to = pastParticiple[change]
    const receipt = isRefusal(done)
      ? await confirmChange(world, [key.id], { withinMs, to })
      : await confirmRequest(world, requestId, { withinMs })
    return endedAs(receipt)
  }

  async function atOnce(keys: readonly LabKey[], change: Change): Promise<Ended> {
    const requestId = randomUUID()
    const reasons = new Map(keys.map(({ id }) => [id, 'in bulk']))
    const done = await perform(
      ...([world, actor] as const),
      (act) => changeStatusInBulk(act, change, labWorkspace, reasons),
      { requestId },
    )
    if (isRefusal(done)) return done.code === 'outcome_unknown' ? 'unknown' : 'refused'
    // What an attempt before did is not part of this act.
    const to = pastParticiple[change]
    return endedAs(
      done.length === keys.length
        ? await confirmRequest(world, requestId, { withinMs })
        : await confirmChange(world, [...reasons.keys()], { withinMs, to }),
    )
  }

  return {
    cable,
    change: (key, change) => once(key, change).catch(() => 'failed'),
    changeMany: (keys, change) => atOnce(keys, change).catch(() => 'failed'),
    async close() {
      await watching.stop()
      await db.destroy()
      await cable.close()
    },
  }
}

const endedAs = (receipt: Receipt): Ended =>
  receipt.state !== 'unknown' ? receipt.state : receipt.why === 'lost' ? 'lost' : 'unknown'

/** The operator's command, one process for each change. */
export async function openByShell(
  main: string,
  databaseUrl: string,
  env: Record<string, string>,
): Promise<Changer> {
  const cable = await openCable(databaseUrl)
  let child: ChildProcess | undefined
  return {
    cable,
    process: () => child,
    async change(key, change) {
      const args = [
        '--import',
        preload,
        main,
        'keys',
        change,
        key.id,
        ...(change === 'revoke' ? ['--yes'] : []),
      ]
      child = spawn(process.execPath, args, {
        env: { PATH: process.env.PATH, DATABASE_URL: cable.url, ...env },
        stdio: 'ignore',
      })
      const running = child
      const [code] = await once(running, 'exit')
      child = undefined
      return code === 0 ? 'confirmed' : code === 4 ? 'unknown' : 'failed'
    },
    async close() {
      child?.kill('SIGKILL')
      await cable.close()
    },
  }
}

/** Cuts a changer off at its next COMMIT: before the server has it, or before its answer is back. */
export async function cutAtCommit(
  { cable }: Changer,
  side: 'request' | 'reply',
  withinMs: number,
): Promise<void> {
  const hold = cable.hold('COMMIT;', side)
  await Promise.race([hold.reached, pause(withinMs, undefined, { ref: false })])
  if (side === 'reply') await pause(100)
  cable.reset()
  hold.release()
}
