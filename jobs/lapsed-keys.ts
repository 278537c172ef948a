import { perform } from '../src/acts/perform.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { lapse, lapseBatch } from '../src/keys/lapse.ts'
import type { JobContext } from './engine/job.ts'

/** Which offers to reveal a key has nobody taken within a week? */
export async function lapsedKeys({ world }: JobContext): Promise<void> {
  for (let ended = lapseBatch; ended === lapseBatch; ) {
    const done = await perform(world, { kind: 'job', id: 'lapsed-keys' }, (act) => lapse(act, world.random))
    if (isRefusal(done)) throw new Error(`offers do not lapse: ${plain(done.message)}`)
    ended = done
  }
}
