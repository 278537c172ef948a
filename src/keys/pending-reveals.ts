import type { Executor } from '../foundation/database.ts'
import type { Act } from '../members/actor.ts'
import type { Key } from './key.ts'

/** Notes that nobody knows yet whether this token is shown: in the act that makes it, so that no token is forgotten. */
export async function beginPending({ trx, now, actor }: Act, { id, hint }: Key): Promise<void> {
  await trx('pending_reveals')
    .insert({ key_id: id, hint, revealed_by: actor.id, since: now })
    .onConflict('key_id')
    .merge()
}

/** The person has the token, because Slack says that it showed it or they do; or the token is void. */
export async function endPending(
  db: Executor,
  { keyId, hint }: { keyId: string; hint: string | null },
): Promise<void> {
  await db('pending_reveals').where({ key_id: keyId, hint }).delete()
}
