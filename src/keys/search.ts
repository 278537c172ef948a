import type { Database, Executor } from '../foundation/database.ts'
import { visible } from './find.ts'
import { fold } from './name.ts'
import { type Listing, type Page, pageOf, type Row } from './page.ts'
import { keysWithUsage } from './store.ts'

/** At most this many matches are put in order: whoever gets more needs another word, not another page. */
export const searchLimit = 1_000

type Match = { id: string; name_folded: string }

/**
 * One page of the live keys whose names contain the words, by name. Matches are found first and ordered afterwards:
 * in the order of names, the next match may be a hundred thousand rows away.
 */
export async function searchPage(db: Executor, listing: Listing): Promise<Page> {
  const { cursor, rowCount } = listing
  const matches = (await find(db, listing)).sort(inOrder)
  const edge = cursor.before ?? cursor.after
  const at = edge && { name_folded: edge[0], id: edge[1] }
  const beyond = at
    ? matches.filter((one) => (cursor.before ? inOrder(one, at) < 0 : inOrder(one, at) > 0))
    : matches
  if (cursor.before) beyond.reverse()
  const wanted = beyond.slice(0, rowCount + 1)
  const rows: Row[] = await keysWithUsage(db).whereIn(
    'keys.id',
    wanted.map(({ id }) => id),
  )
  const byId = new Map<string, Row>(rows.map((row) => [row.id, row]))
  // A key that was revoked between the two queries is one row less.
  const page = wanted.flatMap((one) =>
    byId.has(one.id) ? [{ ...byId.get(one.id)!, edge: one.name_folded }] : [],
  )
  return pageOf(page, listing, matches.length)
}

/** By the index of words and nothing else: what the planner thinks cheaper reads names that do not match. */
async function find(db: Executor, { viewer, filter, searched }: Listing): Promise<Match[]> {
  return (db as Database).transaction(async (trx) => {
    await trx.raw('set local enable_seqscan = off; set local enable_indexscan = off')
    const live = visible(trx, viewer)
      .clearSelect()
      .whereNot('status', 'revoked')
      .limit(searched + 1)
    live.where((either) => {
      for (const pattern of patterns(fold(filter.words ?? '')))
        either.orWhereRaw('name_folded like ?', [pattern])
    })
    return (await live.select('keys.id', 'name_folded')) as Match[]
  })
}

const inOrder = (a: Match, b: Match): number => compare(a.name_folded, b.name_folded) || compare(a.id, b.id)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** One or two letters are no trigram; they match where a word begins. */
function patterns(words: string): string[] {
  const text = words.replace(/[\\%_]/g, '\\$&')
  return [...words].length < 3 ? [`${text}%`, `% ${text}%`] : [`%${text}%`]
}
