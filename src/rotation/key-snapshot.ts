import type { Executor } from '../foundation/database.ts'
import { displayStatus, type Key, worksUntil } from '../keys/key.ts'
import { pendingAmong } from '../keys/pending-reveals.ts'
import { keysWithUsage, toKeyWithUsage } from '../keys/store.ts'

/**
 * A key of a rotation as it stands at one moment. One whose token nobody is known to have is `unrevealed`, so that the old
 * key does not end for it.
 */
export type KeySnapshot = Pick<
  Key,
  'id' | 'name' | 'hint' | 'ownerId' | 'scopes' | 'lifetimeDays' | 'revealedAt' | 'expiresAt'
> & {
  state: ReturnType<typeof displayStatus>
  /** the key's expiry or the end of its grace, whichever comes first */
  endsAt: Date | null
  lastUsedAt: Date | null
}

/** These keys as they stand, by id. */
export async function keySnapshotsOf(
  db: Executor,
  keyIds: readonly string[],
  now: Date,
): Promise<Map<string, KeySnapshot>> {
  const rows: Parameters<typeof toKeyWithUsage>[0][] = await keysWithUsage(db).whereIn('keys.id', [...keyIds])
  const pending = await pendingAmong(db, keyIds)
  return new Map(
    rows.map((row) => {
      const key = toKeyWithUsage(row)
      const { id, name, hint, ownerId, scopes, lifetimeDays, revealedAt, expiresAt, lastUsedAt } = key
      const known = { id, name, hint, ownerId, scopes, lifetimeDays, revealedAt, expiresAt, lastUsedAt }
      const status = displayStatus(key, now)
      const state = status === 'active' && pending.has(id) ? 'unrevealed' : status
      return [id as string, { ...known, endsAt: worksUntil(key), state }] as const
    }),
  )
}
