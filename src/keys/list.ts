import type { Executor } from '../foundation/database.ts'
import type { Policy } from '../policy/policy.ts'
import { type Viewer, visible } from './find.ts'
import { narrow } from './narrow.ts'
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
  type Row,
} from './page.ts'
import { searchLimit, searchPage } from './search.ts'

/**
 * One page of the keys this viewer may see; revoked ones only when they are asked for. Names order the list, except that what is
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
  const matching = () => narrow(visible(db, viewer), listing)
  const order = orderOf(filter)
  // In this order an index has them all: the planner would rather look at keys that do not match until it has enough.
  const total = () => countUpTo(db, ordered(matching(), order, cursor), countLimit + 1)
  const rows: Row[] = await ordered(beyond(matching(), order, cursor), order, cursor)
    .limit(rowCount + 1)
    .select(db.raw('??::text as edge', [order]), ...(counted ? [total().as('total')] : []))
  // A page after the last key has no row that could name the total.
  const [counting] = counted && rows.length === 0 ? await total() : rows
  return pageOf(rows, listing, Number(counting?.total ?? 0))
}

const orderOf = ({ status }: Filter): string => {
  if (status === 'expiring' || status === 'expired') return 'works_until'
  return status === 'overdue' ? 'revealed_at' : 'name_folded'
}
