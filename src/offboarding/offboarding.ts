import type { Executor } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import { worksAt } from '../keys/key.ts'
import type { Receipt } from '../leases/confirm.ts'
import { lastRotationsOf } from '../rotation/rotation.ts'

/** The sources of a request for an offboarding. */
const sources = ['slack', 'workflow', 'user-change', 'scim', 'webhook', 'shell', 'reconcile'] as const
export type Source = (typeof sources)[number]

export const modes = ['by-use', 'revoke', 'deactivate', 'rotate'] as const
/** How keys are treated; `by-use` rotates busy ones and revokes quiet ones. */
export type Mode = (typeof modes)[number]

export type Plan = 'revoke' | 'deactivate' | 'rotate' | 'hand-over' | 'keep'

export type KeyOutcome =
  | 'revoked'
  | 'deactivated'
  | 'rotating'
  | 'handed-over'
  | 'kept'
  | 'refused-already'
  | 'failed'

export type State = 'unmatched' | 'requested' | 'acting' | 'confirming' | 'done'

/** Why a key is a leaver's: theirs, seen by them, shared with them; or only made by them, for somebody else. */
export type Reason = 'owned' | 'revealed' | 'held' | 'created'

export type Offboarding = {
  id: string
  accountId: string
  /** whose channel and audit carry what concerns the person rather than one key */
  workspaceId: string
  /** null while only an e-mail address is known */
  userId: string | null
  email: string | null
  mode: Mode
  successorId: string | null
  note: string
  choices: Record<string, Plan>
  /** workspaces where mode, successor and choices hold; elsewhere their own policy does */
  decidesIn: string[]
  /** workspaces where this person's role stays, since nobody who asked may end it */
  keepsRoleIn: string[]
  state: State
  requestedBy: string
  requestedAt: Date
  /** from here the limit counts; later than the request when somebody found more keys */
  begunAt: Date
  dueAt: Date
  doneAt: Date | null
  endedAt: Date | null
  endedBecause: 'undone' | 'returned' | 'merged' | null
  /** names of workspaces that this person was the last owner of */
  lastOwnerOf: string[]
}

export type LeaverKey = {
  keyId: string
  workspaceId: string
  name: string
  hint: string | null
  reasons: Reason[]
  busy: boolean
  plan: Plan
  outcome: KeyOutcome | null
  why: string
  ownerBefore: string
  ownerAfter: string | null
  successorKeyId: string | null
  /** until when the old token was to work when it was acted on */
  endsAt: Date | null
  /** until when the key works, as things are now, unless somebody ends it before; null where it works without an end */
  worksUntil: Date | null
  /** whether the key works now */
  works: boolean
  /** how the last rotation of the key stands now */
  rotation: 'running' | 'finished' | 'aborted' | null
  actedAt: Date | null
  confirmedAt: Date | null
  receipt: Receipt | null
  undoneAt: Date | null
}

/** Asked for by a system: no person has seen what will happen. */
export const isUnattended = ({ requestedBy }: Pick<Offboarding, 'requestedBy'>): boolean =>
  requestedBy.startsWith('job:')

export const toOffboarding = fromRow<Offboarding>

/** The offboarding with that id, in that account. */
export async function findOffboarding(
  db: Executor,
  accountId: string,
  id: string,
): Promise<Offboarding | undefined> {
  const row = await db('offboardings').where({ id, account_id: accountId }).first()
  return row && toOffboarding(row)
}

/** The offboarding of somebody who has not come back since. */
export async function currentOffboarding(
  db: Executor,
  accountId: string,
  userId: string,
): Promise<Offboarding | undefined> {
  const row = await db('offboardings')
    .where({ account_id: accountId, user_id: userId })
    .whereNull('ended_at')
    .first()
  return row && toOffboarding(row)
}

/** The requests for an offboarding, oldest first. */
export async function requestsOf(
  db: Executor,
  id: string,
): Promise<{ source: Source; reference: string; by: string; at: Date }[]> {
  const rows = await db('offboarding_requests').where({ offboarding_id: id }).orderBy('requested_at')
  return rows.map((row) => ({
    source: row.source,
    reference: row.reference,
    by: row.requested_by,
    at: row.requested_at,
  }))
}

/** The keys of an offboarding with what was planned and done, and what is so now, by workspace and name. */
export async function leaverKeysOf(db: Executor, ids: readonly string[], now: Date): Promise<LeaverKey[]> {
  const rows = await db('offboarding_keys')
    .join('keys', 'keys.id', 'offboarding_keys.key_id')
    .whereIn('offboarding_id', ids)
    .orderBy(['offboarding_keys.workspace_id', 'keys.name_folded', 'key_id'])
    .select('offboarding_keys.*', 'keys.name', 'keys.hint', 'keys.status', 'keys.works_until')
  const rotations = await lastRotationsOf(
    db,
    rows.map((row) => row.key_id),
  )
  return rows.map(({ status, ...row }) => {
    const key = fromRow<Omit<LeaverKey, 'works' | 'rotation'>>(row)
    const works = worksAt({ status, worksUntil: key.worksUntil }, now)
    return { ...key, works, rotation: rotations.get(key.keyId) ?? null }
  })
}

/** Until when a key that was left to a rotation still works; undefined where it does not. */
export const stillWorksUntil = ({ outcome, works, worksUntil }: LeaverKey): Date | undefined =>
  (outcome === 'rotating' && works && worksUntil) || undefined
