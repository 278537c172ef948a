import { perform } from '../src/acts/perform.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { pendingBatch, voidPending } from '../src/keys/void-pending.ts'
import type { JobContext } from './engine/job.ts'

/** Of which tokens does nobody know, after some minutes, whether they were shown? */
export async function pendingReveals({ world, deliver }: JobContext): Promise<void> {
  for (let voided = pendingBatch; voided === pendingBatch; ) {
    const done = await perform(world, { kind: 'job', id: 'pending-reveals' }, (act) =>
      voidPending(act, world.random),
    )
    if (isRefusal(done)) throw new Error(`reveals are not taken back: ${plain(done.message)}`)
    voided = done
    if (voided > 0) await deliver()
  }
}
