import type { Executor } from '../foundation/database.ts'
import type { AddressFilter } from './addresses.ts'
import { normaliseEmail, usersOfEmails } from './emails.ts'
import { addressesOf, type DirectoryUser, toUser, wronglyKnown } from './users.ts'

/** One condition of a list; all of them hold. */
export type Condition =
  | { field: 'userName' | 'externalId' | 'id'; equals: string }
  | { field: 'email'; which: AddressFilter }
  | { field: 'active'; equals: boolean }

/** The people of a directory by user name, a page of them, and how many there are. */
export async function listUsers(
  db: Executor,
  accountId: string,
  conditions: readonly Condition[],
  page: { offset: number; limit: number },
): Promise<{ total: number; users: DirectoryUser[] }> {
  const query = () => {
    const all = db('directory_users').where({ account_id: accountId })
    for (const condition of conditions) {
      if (condition.field === 'userName') all.where('user_name_folded', normaliseEmail(condition.equals))
      else if (condition.field === 'externalId') all.where('external_id', condition.equals)
      else if (condition.field === 'email') {
        const { value = '', type, primary = null } = condition.which
        all.whereRaw(hasAddress, {
          value: normaliseEmail(value),
          type: type === undefined ? null : normaliseEmail(type),
          primary,
        })
      } else all.where(condition.field, condition.equals)
    }
    return all
  }
  const counted = await query().count('id as n').first()
  const rows = await query().orderBy(['user_name_folded', 'id']).offset(page.offset).limit(page.limit)
  return { total: Number(counted!.n), users: rows.map(toUser) }
}

/** Slack user ids of the people whom the directory reports as inactive. */
export async function leftTheDirectory(db: Executor, accountId: string): Promise<string[]> {
  const rows = await db('directory_users').where({ account_id: accountId, active: false })
  const users = rows.map(toUser)
  const known = await usersOfEmails(db, accountId, users.flatMap(addressesOf))
  const unknown = users.filter((user) => !known.first(addressesOf(user)))
  const wrong = await wronglyKnown(db, accountId, unknown)
  return users.flatMap(
    (user) => known.first(addressesOf(user)) ?? (wrong.has(user.id) ? [] : (user.slackUserId ?? [])),
  )
}

const hasAddress = `exists (select from jsonb_array_elements(attributes->'emails') a
  where lower(a->>'value') = :value
    and (cast(:type as text) is null or lower(coalesce(a->>'type', '')) = :type)
    and (cast(:primary as boolean) is null or coalesce((a->>'primary')::boolean, false) = :primary))`
