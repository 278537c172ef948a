import { oneAtATime } from '../foundation/one-at-a-time.ts'
import type { World } from '../foundation/world.ts'
import { announce } from './announce.ts'
import type { Announcer } from './announcer.ts'
import { carryOut } from './carry-out.ts'

/**
 * The one way in which a process carries out open offboardings and tells people about them. Runs do not overlap, since
 * many at once would wait for each other's rows: whoever asks meanwhile shares the next run. The promise ends when a
 * run that began after the call has ended and people have been told; it rejects when the database is out, which is
 * logged. Telling waits in a line of its own: a slow Slack must not keep the keys of the next leaver valid.
 */
export function openOffboarder(world: World, announcer: Announcer): () => Promise<void> {
  const carry = oneAtATime(() => logged(() => carryOut(world)))
  const tell = oneAtATime(() => logged(() => announce(world, announcer)))

  async function logged(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      world.log.error({ error: String(error) }, 'an offboarding goes on later')
      throw error
    }
  }

  return async () => {
    await carry()
    await tell()
  }
}
