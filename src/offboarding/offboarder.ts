import { oneAtATime } from '../foundation/one-at-a-time.ts'
import type { World } from '../foundation/world.ts'
import { completeOpen, executeOpen } from './execute.ts'

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
  const act = oneAtATime(() => logged(() => executeOpen(world)), stopping)
  const finish = oneAtATime(() => logged(() => completeOpen(world)), stopping)
  const deliverAll = oneAtATime(() => logged(deliver), stopping)

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
