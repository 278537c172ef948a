import type { Database, Executor } from '../foundation/database.ts'
import { inBatches } from '../foundation/in-batches.ts'
import { hourMs } from '../foundation/time.ts'
import { replaceableHours, type TokenRef } from './replace.ts'

/** Where a direct message stands. */
export type Place = { channelId: string; ts: string }

/** Remembers a message that offers to replace that token of a key. */
export async function rememberTokenMessage(
  db: Executor,
  { keyId, hint }: TokenRef,
  { channelId, ts }: Place,
  now: Date,
): Promise<void> {
  await db('token_messages')
    .insert({ channel_id: channelId, ts, key_id: keyId, hint, posted_at: now })
    .onConflict()
    .ignore()
}

/** Hands each message that offers to replace that token to one caller, which must update it. */
export async function takeTokenMessages(db: Executor, { keyId, hint }: TokenRef): Promise<Place[]> {
  const rows = await db('token_messages')
    .where({ key_id: keyId, hint })
    .delete()
    .returning(['channel_id', 'ts'])
  return rows.map((row) => ({ channelId: row.channel_id, ts: row.ts }))
}

/** Forgets messages about tokens that can no longer be replaced. Returns how many. */
export const forgetTokenMessages = (db: Database, now: Date): Promise<number> =>
  inBatches(
    db,
    `delete from token_messages where (channel_id, ts) in (
       select channel_id, ts from token_messages where posted_at < ? limit ?)`,
    new Date(now.getTime() - replaceableHours * hourMs),
  )
