import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import { type Viewer, visible } from './find.ts'
import type { KeyWithUsage } from './key.ts'
import { fold } from './name.ts'
import { toKeyWithUsage } from './store.ts'

export const pageSize = 10

/** What a list shows: a standing, or words to look for in names. */
export type Filter = { standing?: 'active' | 'inactive' | 'expiring' | 'mine'; words?: string }

export type Page = { keys: KeyWithUsage[]; total: number; from: number }

const expiringDays = 30

/**
 * One page of the keys this viewer may see, by name; revoked ones are left out. `from` counts from 0 and is
 * brought back into range, so that a page which emptied meanwhile shows the last one.
 */
export async function listKeys(
  db: Executor,
  viewer: Viewer,
  filter: Filter,
  from: number,
  now: Date,
): Promise<Page> {
  const matching = () => narrow(visible(db, viewer).whereNot('status', 'revoked'), viewer, filter, now)
  const [{ total }] = await matching().clearSelect().count({ total: '*' })
  const last = Math.max(0, Math.floor((Number(total) - 1) / pageSize) * pageSize)
  const start = Math.min(Math.max(0, Math.floor(from / pageSize) * pageSize), last)
  const rows = await matching().orderBy(['name_folded', 'keys.id']).limit(pageSize).offset(start)
  return { keys: rows.map(toKeyWithUsage), total: Number(total), from: start }
}

function narrow(query: Knex.QueryBuilder, viewer: Viewer, filter: Filter, now: Date): Knex.QueryBuilder {
  if (filter.words) query.whereLike('name_folded', `%${escapeLike(fold(filter.words))}%`)
  if (filter.standing === 'mine') query.where('owner_id', viewer.actor.id)
  if (filter.standing === 'active' || filter.standing === 'inactive') query.where('status', filter.standing)
  if (filter.standing === 'expiring') {
    const soon = new Date(now.getTime() + expiringDays * 86_400_000)
    query.where('status', 'active').where('expires_at', '>', now).where('expires_at', '<=', soon)
  }
  return query
}

const escapeLike = (text: string) => text.replace(/[\\%_]/g, '\\$&')
