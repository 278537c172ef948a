import type { Executor } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Receipt } from '../leases/confirm.ts'

export const reasons = ['scheduled', 'compromised', 'leaver', 'scope-change'] as const
/** Why a key is rotated. */
export type Reason = (typeof reasons)[number]

/**
 * How far a rotation has got: the new key waits to be revealed; systems switch; the old key has fallen silent, but not
 * for long enough; nothing uses it any more; and the two ends.
 */
export type Phase = 'reveal' | 'switch' | 'silent' | 'safe' | 'finished' | 'aborted'

export type Rotation = {
  id: string
  workspaceId: string
  predecessorId: string
  successorId: string
  campaignId: string | null
  reason: Reason
  startedBy: string
  startedAt: Date
  dueAt: Date
  phase: Phase
  phaseAt: Date
  /** when the new key was first seen to be accepted */
  usedAt: Date | null
  /** when the workflow revoked a key of it: the old one, or the new one when it is aborted */
  cutAt: Date | null
  cutKeyId: string | null
  /** what the verifiers said to that; null while they have not all spoken */
  receipt: Receipt | null
  endedAt: Date | null
  endedBy: string | null
  because: string
}

export const toRotation = fromRow<Rotation>

/** The workspace's rotation with that id. */
export async function findRotation(
  db: Executor,
  workspaceId: string,
  id: string,
): Promise<Rotation | undefined> {
  const row = await db('rotations').where({ id, workspace_id: workspaceId }).first()
  return row && toRotation(row)
}

/** The running rotation that this key is the old or the new one of. */
export async function runningRotationOf(db: Executor, keyId: string): Promise<Rotation | undefined> {
  const row = await db('rotations')
    .whereNull('ended_at')
    .where((query) => query.where({ predecessor_id: keyId }).orWhere({ successor_id: keyId }))
    .orderByRaw('predecessor_id = ? desc', [keyId])
    .first()
  return row && toRotation(row)
}

/** How the last rotation of each of these old keys stands, by key. */
export async function lastRotationsOf(
  db: Executor,
  keyIds: readonly string[],
): Promise<Map<string, 'running' | 'finished' | 'aborted'>> {
  const rows = await db('rotations')
    .whereIn('predecessor_id', [...keyIds])
    .orderByRaw('predecessor_id, ended_at desc nulls first')
    .distinctOn('predecessor_id')
    .select('predecessor_id', 'phase', 'ended_at')
  return new Map(rows.map((row) => [row.predecessor_id, row.ended_at ? row.phase : 'running']))
}

/** The running rotations of a workspace, the one that has run longest first; of one owner's keys, when one is named. */
export async function runningRotations(
  db: Executor,
  workspaceId: string,
  limit: number,
  ownerId?: string,
): Promise<Rotation[]> {
  const owned = db('keys')
    .where({ workspace_id: workspaceId, owner_id: ownerId ?? '' })
    .select('id')
  const rows = await db('rotations')
    .where({ workspace_id: workspaceId })
    .whereNull('ended_at')
    .modify((query) => {
      if (ownerId)
        query.where((theirs) => theirs.whereIn('predecessor_id', owned).orWhereIn('successor_id', owned))
    })
    .orderBy(['started_at', 'id'])
    .limit(limit)
  return rows.map(toRotation)
}
