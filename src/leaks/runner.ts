import { leaked } from '../findings/leaked.ts'
import { reconcileEverywhere } from '../findings/reconcile-all.ts'
import { oneAtATime } from '../foundation/one-at-a-time.ts'
import type { World } from '../foundation/world.ts'
import { confirmLeaks, executeLeaks } from './act.ts'

/** Real milliseconds: an alert that says who is waited for is better than none. */
const confirmWithinMs = 1_000

/**
 * The one way in which a process acts on reports of leaks: it ends keys as policy says, waits for the verifiers for a
 * moment, and sends the alerts. Calls during a run share the next one. The promise resolves when a run that began after
 * the call has ended, and rejects when the database is out, which is logged.
 */
export function openLeakRunner(
  world: World,
  deliver: () => Promise<void>,
  stopping?: AbortSignal,
): () => Promise<void> {
  return oneAtATime(async () => {
    try {
      await executeLeaks(world)
      await confirmLeaks(world, { withinMs: confirmWithinMs })
      await reconcileEverywhere(world, leaked)
      await deliver()
    } catch (error) {
      world.log.error({ event: 'leak.round_failed', error: String(error) }, 'a round of leaks failed')
      throw error
    }
  }, stopping)
}
