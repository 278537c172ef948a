import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import type { Terms } from '../policy/terms.ts'
import { type Viewer, visible } from './find.ts'
import type { KeyWithUsage } from './key.ts'
import { fold } from './name.ts'
import { toKeyWithUsage } from './store.ts'

export const pageSize = 10

/** Beyond this many, a list says "more than": counting further would read rows that nobody sees. */
export const countLimit = 5_000

export const standings = ['active', 'inactive', 'expiring', 'overdue', 'attention', 'mine'] as const
export type Standing = (typeof standings)[number]

/** What a list shows: a standing, or words to look for in names. */
export type Filter = { standing?: Standing; words?: string }

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

const expiringDays = 30
const dayMs = 86_400_000

/**
 * One page of the keys this viewer may see; revoked ones are left out. Names order the list, except that what is
 * due comes by when it is due. Pages hang on the rows at their edges, so that a page deep in a long list costs what
 * the first one costs.
 */
export async function listKeys(
  db: Executor,
  viewer: Viewer,
  filter: Filter,
  cursor: Cursor,
  terms: Terms,
  now: Date,
  rowCount = pageSize,
): Promise<Page> {
  const matching = () => narrow(visible(db, viewer), viewer, filter, terms, now)
  const order = orderOf(filter)
  const backwards = cursor.before !== undefined
  const query = beyond(matching(), order, cursor)
    .orderBy([
      { column: order, order: backwards ? 'desc' : 'asc' },
      { column: 'keys.id', order: backwards ? 'desc' : 'asc' },
    ])
    .limit(rowCount + 1)
    .select(db.raw('??::text as edge', [order]))
  const [rows, total] = await Promise.all([query, countUpTo(db, matching(), countLimit + 1)])
  const shown = rows.slice(0, rowCount)
  if (backwards) shown.reverse()
  const edge = (row: (typeof rows)[number] | undefined): Edge | undefined => row && [row.edge, row.id]
  return {
    keys: shown.map(toKeyWithUsage),
    total,
    from: Math.max(0, cursor.from),
    first: edge(shown[0]),
    last: edge(shown.at(-1)),
    more: backwards || rows.length > rowCount,
  }
}

/** How many of the viewer's keys should be acted on: about to expire, or due for rotation. */
export const countAttention = (db: Executor, viewer: Viewer, terms: Terms, now: Date): Promise<number> =>
  countUpTo(db, narrow(visible(db, viewer), viewer, { standing: 'attention' }, terms, now), 100)

async function countUpTo(db: Executor, query: Knex.QueryBuilder, limit: number): Promise<number> {
  const ids = query.clearSelect().select('keys.id').limit(limit)
  const [{ total }] = await db.from(ids.as('matching')).count({ total: '*' })
  return Number(total)
}

const orderOf = ({ standing }: Filter): string => {
  if (standing === 'expiring') return 'expires_at'
  if (standing === 'overdue' || standing === 'attention') return 'revealed_at'
  return 'name_folded'
}

function beyond(query: Knex.QueryBuilder, order: string, { after, before }: Cursor): Knex.QueryBuilder {
  if (after) query.whereRaw('(??, keys.id) > (?, ?)', [order, ...after])
  if (before) query.whereRaw('(??, keys.id) < (?, ?)', [order, ...before])
  return query
}

function narrow(
  query: Knex.QueryBuilder,
  viewer: Viewer,
  { standing, words }: Filter,
  terms: Terms,
  now: Date,
): Knex.QueryBuilder {
  const soon = new Date(now.getTime() + expiringDays * dayMs)
  const due = new Date(now.getTime() - terms.rotationPeriodDays * dayMs)
  if (words) query.whereLike('name_folded', `%${escapeLike(fold(words))}%`)
  if (standing === 'mine') query.where('owner_id', viewer.actor.id)
  if (standing === 'active' || standing === 'inactive') return query.where('status', standing)
  if (standing === 'expiring')
    return query.where('status', 'active').where('expires_at', '>', now).where('expires_at', '<=', soon)
  if (standing === 'overdue')
    return query.where('status', 'active').whereNull('successor_id').where('revealed_at', '<=', due)
  if (standing === 'attention')
    return query.where('status', 'active').where((either) => {
      either
        .where((overdue) => overdue.whereNull('successor_id').where('revealed_at', '<=', due))
        .orWhere((expiring) => expiring.whereNotNull('expires_at').where('expires_at', '<=', week(now)))
    })
  return query.whereNot('status', 'revoked')
}

const week = (now: Date) => new Date(now.getTime() + 7 * dayMs)

const escapeLike = (text: string) => text.replace(/[\\%_]/g, '\\$&')
