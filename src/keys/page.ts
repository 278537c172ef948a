import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import type { Policy } from '../policy/policy.ts'
import type { Viewer } from './find.ts'
import type { KeyWithUsage } from './key.ts'
import { toKeyWithUsage } from './store.ts'

export const pageSize = 10

/** Beyond this many, a list says "more than": counting further would read rows that nobody sees. */
export const countLimit = 1_000

export const statusFilters = [
  'active',
  'inactive',
  'expiring',
  'expired',
  'overdue',
  'mine',
  'revoked',
] as const
export type StatusFilter = (typeof statusFilters)[number]

/** The filter of a list: all that is given applies. */
export type Filter = { status?: StatusFilter; words?: string; ownerId?: string; integration?: string }

/** Where a page begins: after or before the row with these sort values; the start when neither is there. */
export type Cursor = { after?: Edge; before?: Edge; from: number }
export type Edge = [at: string, id: string]

export type Page = {
  keys: KeyWithUsage[]
  total: number
  from: number
  first?: Edge
  last?: Edge
  more: boolean
}

/** Whose list, filtered how, where in it, by which rules, when, and how many rows of it. */
export type Listing = {
  viewer: Viewer
  filter: Filter
  cursor: Cursor
  policy: Policy
  now: Date
  rowCount: number
  counted: boolean
  /** at most so many matches of words are put in order */
  searched: number
}

export type Row = Parameters<typeof toKeyWithUsage>[0] & { edge: string; total?: string }

/** The page that these rows make: one more than it holds, from its beginning or its end. */
export function pageOf(rows: Row[], { cursor, rowCount }: Listing, total: number): Page {
  const backwards = cursor.before !== undefined
  const shown = rows.slice(0, rowCount)
  if (backwards) shown.reverse()
  const edge = (row: Row | undefined): Edge | undefined => row && [row.edge, row.id]
  return {
    keys: shown.map(toKeyWithUsage),
    total,
    from: Math.max(0, cursor.from),
    first: edge(shown[0]),
    last: edge(shown.at(-1)),
    more: backwards || rows.length > rowCount,
  }
}

/** The query of how many rows a query has, as `total`, counted no further than a limit. */
export const countUpTo = (db: Executor, query: Knex.QueryBuilder, limit: number): Knex.QueryBuilder =>
  db.from(query.clearSelect().select('keys.id').limit(limit).as('matching')).count({ total: '*' })

export function ordered(query: Knex.QueryBuilder, column: string, { before }: Cursor): Knex.QueryBuilder {
  const order = before ? 'desc' : 'asc'
  return query.orderBy([
    { column, order },
    { column: 'keys.id', order },
  ])
}

export function beyond(
  query: Knex.QueryBuilder,
  order: string,
  { after, before }: Partial<Cursor>,
): Knex.QueryBuilder {
  if (after) query.whereRaw('(??, keys.id) > (?, ?)', [order, ...after])
  if (before) query.whereRaw('(??, keys.id) < (?, ?)', [order, ...before])
  return query
}
