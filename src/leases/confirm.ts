import { setTimeout as pause } from 'node:timers/promises'
import type { World } from '../foundation/world.ts'
import { type EndedStatus, type NewestChange, newestChangeOf } from './changes.ts'
import { realTime } from './lease.ts'
import { lost, nothingToLearn, type Receipt } from './receipt.ts'
import { openWatcher, type Watcher } from './watcher.ts'

export type { Receipt } from './receipt.ts'

type Watched = Pick<World, 'db' | 'clock' | 'log' | 'config'>

const watchers = new WeakMap<World['db'], Watcher>()

/** Gives the process its one watcher, which serves every `confirmChange` over this database until it is closed. */
export function startWatching(world: Watched): { stop(): Promise<void> } {
  const watcher = openWatcher(world)
  watchers.set(world.db, watcher)
  return {
    async stop() {
      watchers.delete(world.db)
      await watcher.close()
    },
  }
}

/**
 * Waits until no verifier can accept these keys as they were before their newest change, and gives the receipt.
 * Call it after the transaction that changed them has committed, never inside it. It never throws; `pending` and
 * `unknown` mean that nobody may say "revoked" yet. Unless the change is lost somebody goes on confirming it: ask again
 * later.
 * @param withinMs real milliseconds to wait at most
 * @param to the state that each of the keys was moved to: one that is not in it, nor revoked, has lost its change
 */
export async function confirmChange(
  world: Watched,
  keyIds: readonly string[],
  { withinMs = 30_000, to }: { withinMs?: number; to?: EndedStatus } = {},
): Promise<Receipt> {
  const watcher = watchers.get(world.db)
  if (watcher) return confirmBy(watcher, world.db, keyIds, { withinMs, to })
  // A command of the operator's shell lives too briefly for a watcher of its own.
  const once = openWatcher(world)
  return confirmBy(once, world.db, keyIds, { withinMs, to }).finally(() => once.close())
}

/** A database that recovers may have lost the change and give its number to another: it is looked up anew then. */
async function confirmBy(
  watcher: Watcher,
  db: World['db'],
  keyIds: readonly string[],
  { withinMs, to }: { withinMs: number; to: EndedStatus | undefined },
): Promise<Receipt> {
  const untilMs = realTime.monotonicMs() + withinMs
  let receipt: Receipt | undefined
  do {
    let newest: NewestChange
    // A pool may hold on to a server that was demoted for a while.
    if (receipt) await pause(100)
    try {
      newest = await newestChangeOf(db, keyIds, to)
    } catch (error) {
      return { state: 'unknown', reason: String(error) }
    }
    if (newest.isUnchanged) return lost
    if (newest.seq === undefined) return receipt ? lost : nothingToLearn
    receipt = await watcher.confirm(newest.seq, untilMs - realTime.monotonicMs(), newest.epoch)
  } while (receipt.state === 'unknown' && receipt.why === 'recovered')
  return receipt
}
