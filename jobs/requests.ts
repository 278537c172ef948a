import { perform } from '../src/acts/perform.ts'
import { isRefusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { lapseBatch, lapseRequests } from '../src/workspaces/request-ends.ts'
import { remindOfRequests } from '../src/workspaces/request-reminders.ts'
import type { JobContext } from './engine/job.ts'

/** Which requests for keys has nobody decided on, so that they lapse or those who decide are reminded? */
export async function requests({ world, deliver }: JobContext): Promise<void> {
  let messages = 0
  for (let ended = lapseBatch; ended === lapseBatch; messages += ended) {
    const done = await perform(world, { kind: 'job', id: 'requests' }, (act) =>
      lapseRequests(act, world.random),
    )
    if (isRefusal(done)) throw new Error(`requests do not lapse: ${plain(done.message)}`)
    ended = done
  }
  messages += await remindOfRequests(world)
  if (messages > 0) await deliver()
}
