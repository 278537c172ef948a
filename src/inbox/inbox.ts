import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import { offerDays } from '../keys/offers.ts'
import { branchesOf, type InboxFilter, type Reader } from './branches.ts'

/** One entry: of a kind, how urgent, and where it stands in the order. */
export type Entry = { kind: string; id: string; rank: number; edge: Edge }
/** The sort values of an entry: its rank, the time since when it is so, its id. */
export type Edge = [rank: number, at: string, id: string]

/** Which page: after or before the entry with that edge; the start when neither is there. */
export type InboxCursor = { after?: Edge; before?: Edge }

export type InboxPage = { entries: Entry[]; isFirst: boolean; more: boolean }

type Asked = { reader: Reader; filter?: InboxFilter | undefined; now: Date }

/** A question of a review becomes a warning this long before its deadline. */
const lateMs = 3 * dayMs

const bindings = ({ reader, now }: Asked) => ({
  workspace: reader.workspaceId,
  person: reader.userId,
  now,
  lateFrom: new Date(now.getTime() + lateMs),
  offeredSince: new Date(now.getTime() - offerDays * dayMs),
})

/**
 * One page of what is open for this reader, the most urgent first and of those the latest: one statement, in which each
 * kind reads no further than the page.
 */
export async function inboxPage(
  db: Executor,
  asked: Asked,
  cursor: InboxCursor,
  rowCount: number,
): Promise<InboxPage> {
  const backwards = cursor.before !== undefined
  const edge = cursor.before ?? cursor.after
  const order = backwards ? 'rank, at, id' : 'rank desc, at desc, id desc'
  const beyond = edge ? `where (rank, at, id) ${backwards ? '>' : '<'} (:rank, :at, :id)` : ''
  const branches = branchesOf(asked.reader, asked.filter).map(
    ({ kind, sql }) =>
      `(select '${kind}' as kind, branch.* from (${sql}) as branch ${beyond} order by ${order} limit :max)`,
  )
  const [rank, at, id] = edge ?? []
  const { rows } = await db.raw(
    `select kind, id, rank, at::text as at from (${branches.join(' union all ')}) as entries
     order by ${order} limit :max`,
    { ...bindings(asked), ...(edge ? { rank: rank!, at: at!, id: id! } : {}), max: rowCount + 1 },
  )
  const found = (rows as (Omit<Entry, 'edge'> & { at: string })[]).map(
    ({ at: since, ...entry }): Entry => ({ ...entry, edge: [entry.rank, since, entry.id] }),
  )
  const shown = found.slice(0, rowCount)
  const more = found.length > rowCount
  return {
    entries: backwards ? shown.reverse() : shown,
    isFirst: edge === undefined || (backwards && !more),
    more: backwards || more,
  }
}

/** Counts beyond this say "more than". */
export const inboxCountLimit = 99

export type InboxCount = { open: number; snoozed: number }

/** How many entries are open, and how many alerts are snoozed; each counted no further than one beyond the limit. */
export async function countInbox(db: Executor, asked: Asked): Promise<InboxCount> {
  const count = (filter: InboxFilter | undefined) => {
    const all = branchesOf(asked.reader, filter).map(({ sql }) => `(select id from (${sql}) as b limit :max)`)
    return `(select count(*)::int from (select from (${all.join(' union all ')}) as a limit :max) as b)`
  }
  const { rows } = await db.raw(`select ${count(undefined)} as open, ${count('snoozed')} as snoozed`, {
    ...bindings(asked),
    max: inboxCountLimit + 1,
  })
  return rows[0]
}
