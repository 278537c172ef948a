import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import type { Policy } from '../policy/policy.ts'
import { attentionPage } from './attention.ts'
import { expiring, overdue } from './due.ts'
import { type Viewer, visible } from './find.ts'
import {
  beyond,
  type Cursor,
  countLimit,
  countUpTo,
  type Filter,
  type Listing,
  ordered,
  type Page,
  pageOf,
  pageSize,
} from './page.ts'
import { searchLimit, searchPage } from './search.ts'

/**
 * One page of the keys this viewer may see; revoked ones are left out. Names order the list, except that what is
 * due comes by when it is due. Pages hang on the rows at their edges, so that a page deep in a long list costs what
 * the first one costs. A caller that does not show the total leaves it uncounted (0).
 */
export async function listKeys(
  db: Executor,
  viewer: Viewer,
  filter: Filter,
  cursor: Cursor,
  policy: Policy,
  now: Date,
  {
    rowCount = pageSize,
    counted = true,
    searched = searchLimit,
  }: Partial<Pick<Listing, 'rowCount' | 'counted' | 'searched'>> = {},
): Promise<Page> {
  const listing = { viewer, filter, cursor, policy, now, rowCount, counted, searched }
  if (filter.words) return searchPage(db, listing)
  if (filter.status === 'attention') return attentionPage(db, listing)
  const matching = () => narrow(visible(db, viewer), listing)
  const order = orderOf(filter)
  const query = ordered(beyond(matching(), order, cursor), order, cursor)
    .limit(rowCount + 1)
    .select(db.raw('??::text as edge', [order]))
  const [rows, total] = await Promise.all([query, counted ? countUpTo(db, matching(), countLimit + 1) : 0])
  return pageOf(rows, listing, total)
}

const orderOf = ({ status }: Filter): string => {
  if (status === 'expiring') return 'works_until'
  return status === 'overdue' ? 'revealed_at' : 'name_folded'
}

function narrow(query: Knex.QueryBuilder, { viewer, filter, policy, now }: Listing): Knex.QueryBuilder {
  const { status } = filter
  if (status === 'mine') query.where('owner_id', viewer.actor.id)
  if (status === 'inactive') return query.where('status', status)
  if (status === 'active')
    return query
      .where('status', status)
      .where((working) => working.whereNull('works_until').orWhere('works_until', '>', now))
  if (status === 'expiring') return expiring(query, now, policy.timeZone)
  if (status === 'overdue') return overdue(query, policy, now)
  return query.whereNot('status', 'revoked')
}
