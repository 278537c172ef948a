import { type Executor, violates } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { normaliseEmail } from './emails.ts'
import type { Directory } from './users.ts'

/** A group that a directory pushed: kept so that its pushes succeed. It gives nobody anything, and has no members here. */
export type DirectoryGroup = {
  id: string
  displayName: string
  externalId: string | null
  createdAt: Date
  changedAt: Date
}

export type GroupChange = { displayName?: string; externalId?: string | null }

/** One condition of a list of groups; all of them hold. */
export type GroupCondition = { field: 'id' | 'displayName' | 'externalId'; equals: string }

const columns = { id: 'id', displayName: 'name_folded', externalId: 'external_id' } as const

/** The groups of a directory by name, a page of them, and how many there are. */
export async function listGroups(
  db: Executor,
  accountId: string,
  conditions: readonly GroupCondition[],
  page: { offset: number; limit: number },
): Promise<{ total: number; groups: DirectoryGroup[] }> {
  const query = () => {
    const all = db('directory_groups').where({ account_id: accountId })
    for (const { field, equals } of conditions)
      all.where(columns[field], field === 'displayName' ? normaliseEmail(equals) : equals)
    return all
  }
  const counted = await query().count('id as n').first()
  const rows = await query().orderBy(['name_folded', 'id']).offset(page.offset).limit(page.limit).select('*')
  return { total: Number(counted!.n), groups: rows.map(toGroup) }
}

/** Adds a group. A name that is taken is refused, as directories expect. */
export async function insertGroup(
  { trx, now }: Act,
  { workspace, random }: Directory,
  { displayName, externalId = null }: GroupChange,
): Promise<DirectoryGroup | Refusal> {
  if (!displayName) return refuse('invalid', 'displayName is missing.')
  const [row] = await trx('directory_groups')
    .insert({
      id: newId('grp', random),
      account_id: workspace.accountId,
      name: displayName,
      name_folded: normaliseEmail(displayName),
      external_id: externalId,
      created_at: now,
      changed_at: now,
    })
    .onConflict(['account_id', 'name_folded'])
    .ignore()
    .returning('*')
  return row ? toGroup(row) : taken()
}

export async function updateGroup(
  { trx, now }: Act,
  { workspace }: Directory,
  id: string,
  { displayName, externalId }: GroupChange,
): Promise<DirectoryGroup | Refusal> {
  try {
    const [row] = await trx.transaction((savepoint) =>
      savepoint('directory_groups')
        .where({ account_id: workspace.accountId, id })
        .update({
          ...(displayName ? { name: displayName, name_folded: normaliseEmail(displayName) } : {}),
          ...(externalId === undefined ? {} : { external_id: externalId }),
          changed_at: now,
        })
        .returning('*'),
    )
    return row ? toGroup(row) : unknown()
  } catch (error) {
    if (violates(error, 'directory_groups_account_id_name_folded_key')) return taken()
    throw error
  }
}

export async function deleteGroup(
  { trx }: Act,
  { workspace }: Directory,
  id: string,
): Promise<null | Refusal> {
  const deleted = await trx('directory_groups').where({ account_id: workspace.accountId, id }).delete()
  return deleted > 0 ? null : unknown()
}

const taken = () => refuse('duplicate', 'That displayName is taken.', { field: 'displayName' })
const unknown = () => refuse('not_found', 'There is no such group.')

const toGroup = (row: Record<string, never>): DirectoryGroup => ({
  id: row.id!,
  displayName: row.name!,
  externalId: row.external_id ?? null,
  createdAt: row.created_at!,
  changedAt: row.changed_at!,
})
