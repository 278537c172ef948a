import type { Database, Executor } from '../foundation/database.ts'
import { visible } from './find.ts'
import { normaliseName } from './name.ts'
import { narrow } from './narrow.ts'
import { beyond, type Listing, ordered, type Page, pageOf, type Row } from './page.ts'
import { isScope } from './scope.ts'
import { keysWithUsage } from './store.ts'

/** At most this many matches are sorted: more of them call for another word, not another page. */
export const searchLimit = 500

type Match = { id: string; edge: string; total: number }

/**
 * One page of the live keys whose name, integration, description, hint or scopes contain the words, by name. Matches are found first and ordered afterwards:
 * in the order of names, the next match may be a hundred thousand rows away.
 */
export async function searchPage(db: Executor, listing: Listing): Promise<Page> {
  const matches = await find(db, listing)
  const rows: Row[] = await keysWithUsage(db).whereIn(
    'keys.id',
    matches.map(({ id }) => id),
  )
  const byId = new Map<string, Row>(rows.map((row) => [row.id, row]))
  // A key that was revoked between the two queries is one row less.
  const page = matches.flatMap(({ id, edge }) => (byId.has(id) ? [{ ...byId.get(id)!, edge }] : []))
  return pageOf(page, listing, matches[0]?.total ?? 0)
}

/** By the indexes of words and scopes: what the planner thinks cheaper reads keys that do not match. */
async function find(db: Executor, listing: Listing): Promise<Match[]> {
  const { viewer, filter, cursor, rowCount, searched } = listing
  return (db as Database).transaction(async (trx) => {
    await trx.raw(
      'set local enable_seqscan = off; set local enable_indexscan = off; set local cpu_tuple_cost = 1',
    )
    const matching = visible(trx, viewer)
      .clearSelect()
      .select('keys.id', 'name_folded')
      .modify((query) => narrow(query, listing))
      .limit(searched + 1)
    matching.where((either) => {
      const words = normaliseName(filter.words ?? '')
      for (const pattern of patterns(words)) either.orWhereRaw('found_by like ?', [pattern])
      if (isScope(words)) either.orWhereRaw('scopes @> ?', [[words]])
    })
    const query = beyond(trx.withMaterialized('keys', matching).from('keys'), 'name_folded', cursor)
    const page = ordered(query, 'name_folded', cursor).limit(rowCount + 1)
    return (await page.select(
      'id',
      'name_folded as edge',
      trx.raw('(select count(*) from keys)::int as total'),
    )) as Match[]
  })
}

/** One or two characters are no trigram; they match where a word begins. */
function patterns(words: string): string[] {
  const text = words.replace(/[\\%_]/g, '\\$&')
  return [...words].length < 3 ? [`${text}%`, `% ${text}%`] : [`%${text}%`]
}
