import { setTimeout as pause } from 'node:timers/promises'
import { oneAtATime } from '../foundation/one-at-a-time.ts'
import type { World } from '../foundation/world.ts'
import { completeOpen, executeOpen, hasOpen } from './execute.ts'

/** Real milliseconds between the beginnings of two runs at least: in a burst a run takes many, and not each request one. */
const everyMs = 250

/**
 * The one way in which a process carries out open offboardings and delivers their messages. Runs do not overlap, since
 * many at once would wait for each other's rows: calls during a run share the next one. The promise resolves when a run
 * that began after the call has ended and is delivered; it rejects when the database is out, which is logged.
 * Confirmation and delivery run separately: neither a silent verifier nor a slow Slack may keep the next leaver's keys
 * valid. Once the process is stopping, no run begins: another process takes the rest, or this one after its start.
 */
export function openOffboarder(
  world: World,
  deliver: () => Promise<void>,
  stopping?: AbortSignal,
): () => Promise<void> {
  const act = paced(() => executeOpen(world))
  const finish = paced(() => completeOpen(world))
  const deliverAll = paced(deliver)

  function paced(work: () => Promise<unknown>): () => Promise<void> {
    let next = 0
    return oneAtATime(async () => {
      const now = performance.now()
      // Where nobody leaves there is no burst to pace.
      let isBurst = false
      if (next > now) await logged(async () => (isBurst = await hasOpen(world)))
      if (isBurst) await pause(next - now, undefined, stopping ? { signal: stopping } : {})
      next = performance.now() + everyMs
      await logged(work)
    }, stopping)
  }

  async function logged(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      world.log.error(
        { event: 'offboarding.round_failed', error: String(error) },
        'a round of offboardings failed',
      )
      throw error
    }
  }

  return async () => {
    await act()
    await finish()
    await deliverAll()
  }
}
