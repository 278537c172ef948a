import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Action } from '../policy/may.ts'
import type { Kind } from './finding.ts'

/** A finding with the facts that decide who may act on it, and until when it can wait. */
export type AboutFinding = {
  id: string
  kind: Kind
  level: number
  groupId: string | null
  keyId: string
  keyName: string
  ownerId: string
  /** the key's expiry or the end of its grace, whichever comes first */
  endsAt: Date | null
  /** who said that they are on it, or else who was given it: never both */
  acknowledgedBy: string | null
  assignedTo: string | null
  snoozedUntil: Date | null
  resolvedAt: Date | null
}

const query = (db: Executor, workspaceId: string, id: string) =>
  db('findings')
    .join('keys', 'keys.id', 'findings.key_id')
    .where({ 'findings.id': id, 'findings.workspace_id': workspaceId })
    .select('findings.*', 'keys.name as key_name', 'keys.owner_id', 'keys.works_until as ends_at')
    .first()

/**
 * The workspace's open finding with that id, locked until the act ends. Refuses when there is none (or none of those
 * kinds), when the actor may not take this action on its key, or when it is resolved.
 */
export async function lockFinding(
  act: Act,
  action: Action,
  { workspaceId, findingId }: { workspaceId: string; findingId: string },
  kinds?: readonly Kind[],
): Promise<AboutFinding | Refusal> {
  const row = await query(act.trx, workspaceId, findingId).forUpdate('findings')
  const finding = row && toFinding(row)
  if (!finding || (kinds && !kinds.includes(finding.kind))) return noSuchKey({ action })
  const { keyId, ownerId } = finding
  // The person who was given it acts on it as the key's owner may.
  const isTheirs = assigneeOf(finding) === act.actor.id
  const refusal = await authorise(act, action, {
    workspaceId,
    ownerId: isTheirs ? act.actor.id : ownerId,
    keyId,
  })
  if (refusal) return refusal
  return finding.resolvedAt ? resolvedAlready : finding
}

/** The person who looks after a finding, if anybody does. */
export const assigneeOf = ({
  acknowledgedBy,
  assignedTo,
}: Pick<AboutFinding, 'acknowledgedBy' | 'assignedTo'>): string | null => acknowledgedBy ?? assignedTo

/** The refusal of an act on a finding that is resolved. */
export const resolvedAlready = refuse('already', 'This is settled already; the alert says how.')

/** The workspace's finding with that id; undefined when it has none. */
export async function findFinding(
  db: Executor,
  workspaceId: string,
  id: string,
): Promise<AboutFinding | undefined> {
  const row = await query(db, workspaceId, id)
  return row && toFinding(row)
}

const toFinding = fromRow<AboutFinding>
