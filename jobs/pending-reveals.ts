import { perform } from '../src/acts/perform.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { duePending, forgetPending, voidPending } from '../src/keys/void-pending.ts'
import type { JobContext } from './engine/job.ts'

/** Of which tokens does nobody know, after some minutes, whether they were shown? */
export async function pendingReveals({ world, deliver }: JobContext): Promise<void> {
  await forgetPending(world.db)
  const due = await duePending(world.db, world.clock.now())
  const failures: string[] = []
  // Each in a transaction of its own: one that fails does not keep the others.
  for (const pending of due) {
    const done = await perform(world, { kind: 'job', id: 'pending-reveals' }, (act) =>
      voidPending(act, pending, world.random),
    )
    if (isRefusal(done)) failures.push(`${pending.keyId}: ${plain(done.message)}`)
  }
  if (due.length > 0) await deliver()
  if (failures.length > 0) throw new Error(`tokens are not voided: ${failures.slice(0, 3).join('; ')}`)
}
