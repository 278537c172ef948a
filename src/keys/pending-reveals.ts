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

/**
 * The person has the token, because Slack says that it showed it or they do; or the token is void. Returns false if there
 * was no such note any more.
 */
export async function endPending(
  db: Executor,
  { keyId, hint }: { keyId: string; hint: string | null },
): Promise<boolean> {
  return (await db('pending_reveals').where({ key_id: keyId, hint }).delete()) > 0
}

/** Of a note `p` and its key `k`: somebody has the token, or nobody can. Then there is nothing to wait for. */
export const pendingIsOver = `(k.status in ('revoked', 'unrevealed') or k.hint is distinct from p.hint or k.saved_at is not null
  or exists (select from key_usage u where u.key_id = k.id and u.last_used_at >= p.since))`

/** Those of these keys whose token nobody is known to have: to be counted as not revealed. */
export async function pendingAmong(db: Executor, keyIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.raw(
    `select p.key_id as id from pending_reveals p join keys k on k.id = p.key_id
     where p.key_id = any(?) and not ${pendingIsOver}`,
    [[...keyIds]],
  )
  return new Set(rows.map(({ id }: { id: string }) => id))
}
