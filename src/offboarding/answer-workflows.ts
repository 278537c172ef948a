import type { World } from '../foundation/world.ts'
import type { Announcer } from './announcer.ts'
import { countKeys } from './report.ts'

/** Ends the steps of workflows whose offboarding is done, each once. */
export async function answerWorkflows(world: World, announcer: Announcer): Promise<void> {
  const { db, clock, log } = world
  const rows = await db('offboarding_requests')
    .join('offboardings', 'offboardings.id', 'offboarding_requests.offboarding_id')
    .leftJoin('offboarding_messages', 'offboarding_messages.id', 'offboardings.message_id')
    .where({ source: 'workflow', state: 'done' })
    .whereNull('answered_at')
    .where((query) => query.whereNotNull('ts').orWhere({ announced: false }))
    .limit(50)
    .select('offboardings.id', 'reference', 'channel_id', 'ts')
  for (const row of rows) {
    const where = row.ts ? { channelId: row.channel_id, ts: row.ts } : undefined
    try {
      await announcer.complete(row.reference, await countKeys(db, [row.id]), where)
    } catch (error) {
      log.warn({ error: String(error) }, 'a workflow step was not answered')
      continue
    }
    await db('offboarding_requests')
      .where({ offboarding_id: row.id, source: 'workflow' })
      .update({ answered_at: clock.now() })
  }
}
