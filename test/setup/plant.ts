import { randomBytes } from 'node:crypto'
import type { World } from '../../src/foundation/world.ts'

export type Planted = {
  name: string
  ownerId?: string
  scopes?: string[]
  revealedAt?: Date
  /** whole days from the reveal; absent for a key that never expires */
  lifetimeDays?: number
  expiresAt?: Date
  /** whole days from now; such a key was revealed the day before, since at its birth nothing is alerted */
  endsInDays?: number
  status?: 'active' | 'inactive' | 'revoked'
  /** of a token that the test has; else of one that nobody has */
  tokenHash?: Buffer
}

/** Puts live keys into a workspace behind the product's back, as a test's beginning. Returns their ids in order. */
export async function plant(
  { db, clock }: Pick<World, 'db' | 'clock'>,
  workspaceId: string,
  keys: readonly Planted[],
): Promise<string[]> {
  const rows = keys.map(ending).map((key) => {
    const revealedAt = key.revealedAt ?? clock.now()
    const expiresAt =
      key.expiresAt ??
      (key.lifetimeDays ? new Date(revealedAt.getTime() + key.lifetimeDays * 86_400_000) : null)
    const ownerId = key.ownerId ?? 'U0ADA00001'
    return {
      id: `key_${randomBytes(10).toString('hex')}`,
      workspace_id: workspaceId,
      name: key.name,
      name_folded: key.name.toLowerCase(),
      scopes: key.scopes ?? ['read'],
      status: key.status ?? 'active',
      hint: `tml_${randomBytes(2).toString('hex')}...`,
      token_hash: key.tokenHash ?? randomBytes(32),
      owner_id: ownerId,
      created_by: ownerId,
      created_at: revealedAt,
      revealed_by: ownerId,
      revealed_at: revealedAt,
      lifetime_days: key.lifetimeDays ?? null,
      expires_at: expiresAt,
      status_changed_at: revealedAt,
      status_changed_by: ownerId,
    }
  })
  await db.batchInsert('keys', rows, 1000)
  return rows.map((row) => row.id)

  function ending(key: Planted): Planted {
    const { endsInDays: days } = key
    if (days === undefined) return key
    return { ...key, lifetimeDays: days + 1, revealedAt: new Date(clock.now().getTime() - 86_400_000) }
  }
}
