import type { Executor, Transaction } from '../foundation/database.ts'
import { fromRow } from '../foundation/rows.ts'
import type { Kind } from './finding.ts'

/** A finding with what decides who may act on it, and until when it can wait. */
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

/** The workspace's finding with that id, locked until the transaction ends. */
export async function lockFinding(
  trx: Transaction,
  workspaceId: string,
  id: string,
): Promise<AboutFinding | undefined> {
  const row = await query(trx, workspaceId, id).forUpdate('findings')
  return row && toFinding(row)
}

/** The workspace's finding with that id. */
export async function findFinding(
  db: Executor,
  workspaceId: string,
  id: string,
): Promise<AboutFinding | undefined> {
  const row = await query(db, workspaceId, id)
  return row && toFinding(row)
}

const toFinding = fromRow<AboutFinding>
