import type { World } from '../foundation/world.ts'
import { newestChangeOf } from './changes.ts'
import { nothingToLearn, type Receipt } from './receipt.ts'
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
 * `unknown` mean that nobody may say "revoked" yet. Somebody goes on confirming either way: ask again later.
 * @param withinMs real milliseconds to wait at most
 */
export async function confirmChange(
  world: Watched,
  keyIds: readonly string[],
  { withinMs = 30_000 }: { withinMs?: number } = {},
): Promise<Receipt> {
  let seq: number | undefined
  try {
    seq = await newestChangeOf(world.db, keyIds)
  } catch (error) {
    return { state: 'unknown', reason: String(error) }
  }
  if (seq === undefined) return nothingToLearn
  const watcher = watchers.get(world.db)
  if (watcher) return watcher.confirm(seq, withinMs)
  // A command of the operator's shell lives too briefly for a watcher of its own.
  const once = openWatcher(world)
  return once.confirm(seq, withinMs).finally(() => once.close())
}
