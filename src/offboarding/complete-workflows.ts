import type { World } from '../foundation/world.ts'
import type { Announcer } from './announcer.ts'
import { countKeys } from './report.ts'

const maxTogether = 50
/** Real seconds. An answer asks Slack twice, and each time waits ten at most. */
const claimSeconds = 30
/** Real seconds. Slack may be back at any time, and a workflow waits. */
const longestWait = 600

/**
 * Completes the workflow steps whose offboarding is done, each once. A step that fails is retried with growing delays,
 * after all that were not tried yet.
 */
export async function answerWorkflows(world: World, announcer: Announcer): Promise<void> {
  const tried: string[] = []
  while (tried.length < maxTogether) {
    const step = await claim(world, tried)
    if (!step) return
    tried.push(step.id)
    await answer(world, announcer, step)
  }
}

type Step = {
  /** of the offboarding */
  id: string
  /** Slack's id of the step's execution */
  reference: string
  attempts: number
  channel_id: string | null
  ts: string | null
}

async function claim({ db }: World, tried: readonly string[]): Promise<Step | undefined> {
  const { rows } = await db.raw(
    `update offboarding_requests r
     set claimed_until = clock_timestamp() + make_interval(secs => ?), attempts = r.attempts + 1
     from offboardings o left join offboarding_messages m on m.id = o.message_id
     where r.source = 'workflow' and o.id = r.offboarding_id and r.offboarding_id = (
       select w.offboarding_id from offboarding_requests w
       join offboardings d on d.id = w.offboarding_id and d.state = 'done'
       left join offboarding_messages p on p.id = d.message_id
       where w.source = 'workflow' and w.answered_at is null and not w.offboarding_id = any(?)
         and (p.ts is not null or not d.announced)
         and (w.claimed_until is null or w.claimed_until < clock_timestamp())
         and (w.retry_after is null or w.retry_after < clock_timestamp())
       order by w.retry_after nulls first, w.requested_at limit 1 for update of w skip locked)
     returning o.id, r.reference, r.attempts, m.channel_id, m.ts`,
    [claimSeconds, [...tried]],
  )
  return rows[0]
}

async function answer({ db, clock, log }: World, announcer: Announcer, step: Step): Promise<void> {
  const { id, reference, channel_id: channelId, ts } = step
  // Another step may be reached for the same person meanwhile; that one is not answered by this.
  const where = { offboarding_id: id, source: 'workflow', reference }
  try {
    const counts = await countKeys(db, [id])
    await announcer.complete(reference, counts, channelId && ts ? { channelId, ts } : undefined)
  } catch (error) {
    log.warn(
      { event: 'offboarding.workflow_answer_failed', error: String(error) },
      'failed to complete a workflow step',
    )
    const seconds = (error as { seconds?: number }).seconds ?? Math.min(2 ** step.attempts, longestWait)
    const retryAfter = db.raw('clock_timestamp() + make_interval(secs => ?)', [seconds])
    await db('offboarding_requests').where(where).update({ claimed_until: null, retry_after: retryAfter })
    return
  }
  await db('offboarding_requests').where(where).update({ claimed_until: null, answered_at: clock.now() })
}
