import { setTimeout as pause } from 'node:timers/promises'
import type { World } from '../foundation/world.ts'
import {
  changeOfRequest,
  type EndedStatus,
  type FoundChange,
  newestChangeAbout,
  newestChangeOf,
} from './changes.ts'
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

/** Real milliseconds to wait at most. */
type Within = { withinMs?: number }
const usualMs = 30_000

/**
 * Waits until no verifier can answer from before the change that the act of this request made, and gives its receipt.
 * Call it after the act is committed, never inside it. It never throws; `pending` and `unknown` mean that nobody may say
 * "revoked" yet. Unless the change is lost somebody goes on confirming it: ask again later.
 */
export const confirmRequest = (
  world: Watched,
  requestId: string,
  { withinMs = usualMs }: Within = {},
): Promise<Receipt> => confirm(world, () => changeOfRequest(world.db, requestId), withinMs)

/**
 * The same for the newest change of some keys: for those that somebody else changed, or several acts.
 * @param to the state that each of the keys was moved to: one that is not in it, nor revoked, has lost its change
 */
export const confirmChange = (
  world: Watched,
  keyIds: readonly string[],
  { withinMs = usualMs, to }: Within & { to?: EndedStatus } = {},
): Promise<Receipt> => confirm(world, () => newestChangeOf(world.db, keyIds, to), withinMs)

/** The same for the newest change of a workspace or a service token. */
export const confirmNewest = (
  world: Watched,
  subject: Parameters<typeof newestChangeAbout>[1],
  { withinMs = usualMs }: Within = {},
): Promise<Receipt> => confirm(world, () => newestChangeAbout(world.db, subject), withinMs)

async function confirm(world: Watched, find: () => Promise<FoundChange>, withinMs: number): Promise<Receipt> {
  const watcher = watchers.get(world.db)
  if (watcher) return confirmBy(watcher, find, withinMs)
  // A command of the operator's shell lives too briefly for a watcher of its own.
  const once = openWatcher(world)
  return confirmBy(once, find, withinMs).finally(() => once.close())
}

/** A database that recovers may have lost the change and give its number to another: it is looked up anew then. */
async function confirmBy(
  watcher: Watcher,
  find: () => Promise<FoundChange>,
  withinMs: number,
): Promise<Receipt> {
  const untilMs = realTime.monotonicMs() + withinMs
  let receipt: Receipt | undefined
  do {
    let found: FoundChange
    // A pool may hold on to a server that was demoted for a while.
    if (receipt) await pause(100)
    try {
      found = await find()
    } catch (error) {
      return { state: 'unknown', reason: String(error) }
    }
    if (found.isLost) return lost
    if (found.seq === undefined) return receipt ? lost : nothingToLearn
    receipt = await watcher.confirm(found.seq, untilMs - realTime.monotonicMs(), found.epoch)
  } while (receipt.state === 'unknown' && receipt.why === 'recovered')
  return receipt
}
