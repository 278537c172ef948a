import type { Knex } from 'knex'
import { dayMs } from '../foundation/time.ts'
import type { Policy } from '../policy/policy.ts'

/** A list, an alert and a campaign begin to name a key so many days before it stops working. */
export const expiringDays = 30

/**
 * Narrows to active keys that stop working within those days of the zone's calendar. Of the old key of a rotation,
 * the rotation warns. `since` brings along those that stopped working after that moment.
 */
export const expiring = (
  query: Knex.QueryBuilder,
  now: Date,
  zone: string,
  { days = expiringDays, since = now } = {},
): Knex.QueryBuilder =>
  inUse(query)
    .where('keys.works_until', '>', since)
    // For the index, and to ask the calendar about few: its days are within a day of as many times 24 hours.
    .where('keys.works_until', '<=', new Date(now.getTime() + (days + 1) * dayMs))
    .whereRaw('(keys.works_until <= ? or days_after(keys.works_until, ?, ?) <= ?)', [
      new Date(now.getTime() + (days - 1) * dayMs),
      ...[-days, zone, now],
    ])

/** Narrows to active keys that have reached the rotation period, or will in that many days, and still work. */
export function overdue(
  query: Knex.QueryBuilder,
  policy: Policy,
  now: Date,
  { aheadDays = 0 } = {},
): Knex.QueryBuilder {
  const days = policy.rotationPeriodDays - aheadDays
  return inUse(query)
    .where((working) => working.whereNull('keys.works_until').orWhere('keys.works_until', '>', now))
    .where('keys.revealed_at', '<=', new Date(now.getTime() - (days - 1) * dayMs))
    .whereRaw('(keys.revealed_at <= ? or days_after(keys.revealed_at, ?, ?) <= ?)', [
      new Date(now.getTime() - (days + 1) * dayMs),
      ...[days, policy.timeZone, now],
    ])
}

const inUse = (query: Knex.QueryBuilder) =>
  query.where('keys.status', 'active').whereNull('keys.successor_id')
