import type { Knex } from 'knex'
import { expiring, overdue } from './due.ts'
import type { Listing } from './page.ts'

/** Leaves the rows that the filter of a list wants, whatever its words are. */
export function narrow(
  query: Knex.QueryBuilder,
  { viewer, filter, policy, now }: Listing,
): Knex.QueryBuilder {
  const { status, ownerId, integration } = filter
  if (ownerId) query.where('owner_id', ownerId)
  if (integration) query.whereRaw('lower(integration) = lower(?)', [integration]).whereNot('integration', '')
  if (status === 'mine') query.where('owner_id', viewer.actor.id)
  if (status === 'inactive' || status === 'revoked') return query.where('status', status)
  if (status === 'active')
    return query
      .where('status', status)
      .where((working) => working.whereNull('works_until').orWhere('works_until', '>', now))
  if (status === 'expiring') return expiring(query, now, policy.timeZone)
  if (status === 'expired') return query.where('status', 'active').where('works_until', '<=', now)
  if (status === 'overdue') return overdue(query, policy, now)
  return query.whereNot('status', 'revoked')
}
