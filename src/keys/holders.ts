import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'

/** A person who has had a key's token without revealing it here. */
export type Holder = { userId: string; since: Date; addedBy: string; why: string }

/** Records that a person holds a key, so that their leaving ends it. A second record keeps the first. */
export async function addHolder(
  act: Act,
  workspaceId: string,
  keyId: string,
  holder: { userId: string; why: string },
): Promise<{ added: boolean } | Refusal> {
  const refusal = await authorise(act, 'holder.add', { workspaceId, keyId })
  if (refusal) return refusal
  const why = holder.why.trim()
  if (why === '' || [...why].length > 300)
    return refuse('invalid', 'Say in at most 300 characters how they got it.', { field: 'why' })
  const key = await act
    .trx('keys')
    .where({ id: keyId, workspace_id: workspaceId })
    .first('name', 'status', 'owner_id', 'revealed_by')
  if (!key) return noSuchKey({ action: 'holder.add', keyId })
  if (key.status === 'revoked') return refuse('gone', say`${{ name: key.name }} was revoked.`)
  if (holder.userId === key.revealed_by || holder.userId === key.owner_id)
    return refuse('already', say`${{ user: holder.userId }} counts already: they own or revealed it.`, {
      field: 'person',
    })
  const rows = await act
    .trx('key_holders')
    .insert({ key_id: keyId, user_id: holder.userId, since: act.now, added_by: actorName(act.actor), why })
    .onConflict()
    .ignore()
    .returning('key_id')
  if (rows.length === 0) return { added: false }
  const details = { user: holder.userId, reason: why }
  await record(act, { event: 'holder.added', workspaceId, keyId, details })
  return { added: true }
}

/**
 * Takes a person off the holders who were noted by hand: they never had the key, or have it no more. Not oneself: who
 * leaves later would take the trace of what they hold along.
 */
export async function removeHolder(
  act: Act,
  workspaceId: string,
  keyId: string,
  userId: string,
): Promise<{ removed: true } | Refusal> {
  const refusal = await authorise(act, 'holder.remove', { workspaceId, keyId })
  if (refusal) return refusal
  if (act.actor.id === userId)
    return refuse('forbidden', 'Someone else must take you off.', {
      logged: { action: 'holder.remove', keyId },
    })
  const key = await act.trx('keys').where({ id: keyId, workspace_id: workspaceId }).first('id')
  if (!key) return noSuchKey({ action: 'holder.remove', keyId })
  const [row] = await act
    .trx('key_holders')
    .where({ key_id: keyId, user_id: userId })
    .delete()
    .returning(['since', 'why'])
  if (!row) return refuse('already', say`${{ user: userId }} is not noted any more.`)
  const details = { user: userId, since: row.since.toISOString(), why: row.why }
  await record(act, { event: 'holder.removed', workspaceId, keyId, details })
  return { removed: true }
}

/** The recorded holders of a key, oldest first; at most forty. */
export async function holdersOf(db: Executor, keyId: string): Promise<Holder[]> {
  const rows = await db('key_holders').where({ key_id: keyId }).orderBy('since').limit(40)
  return rows.map((row) => ({
    userId: row.user_id,
    since: row.since,
    addedBy: row.added_by,
    why: row.why,
  }))
}
