import { oneAtATime } from '../foundation/one-at-a-time.ts'
import type { World } from '../foundation/world.ts'
import { announce } from './announce.ts'
import type { Announcer } from './announcer.ts'
import { actOnOpen, finishOpen } from './execute.ts'

/**
 * The one way in which a process carries out open offboardings and tells people about them. Runs do not overlap, since
 * many at once would wait for each other's rows: whoever asks meanwhile shares the next run. The promise ends when a
 * run that began after the call has ended and people have been told; it rejects when the database is out, which is
 * logged. Waiting for verifiers and telling have lines of their own: neither a silent verifier nor a slow Slack may keep
 * the keys of the next leaver valid.
 */
export function openOffboarder(world: World, announcer: Announcer): () => Promise<void> {
  const act = oneAtATime(() => logged(() => actOnOpen(world)))
  const finish = oneAtATime(() => logged(() => finishOpen(world)))
  const announceAll = oneAtATime(() => logged(() => announce(world, announcer)))

  async function logged(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      world.log.error({ error: String(error) }, 'an offboarding goes on later')
      throw error
    }
  }

  return async () => {
    await act()
    await finish()
    await announceAll()
  }
}
