import type { Database, Executor } from '../foundation/database.ts'
import { visible } from './find.ts'
import { normaliseName } from './name.ts'
import { beyond, type Listing, ordered, type Page, pageOf, type Row } from './page.ts'
import { keysWithUsage } from './store.ts'

/** At most this many matches are sorted: more of them call for another word, not another page. */
export const searchLimit = 500

type Match = { id: string; edge: string; total: number }

/**
 * One page of the live keys whose names contain the words, by name. Matches are found first and ordered afterwards:
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

/** By the index of words and nothing else: what the planner thinks cheaper reads names that do not match. */
async function find(db: Executor, { viewer, filter, cursor, rowCount, searched }: Listing): Promise<Match[]> {
  return (db as Database).transaction(async (trx) => {
    await trx.raw('set local enable_seqscan = off; set local enable_indexscan = off')
    const matching = visible(trx, viewer)
      .clearSelect()
      .select('keys.id', 'name_folded')
      .whereNot('status', 'revoked')
      .limit(searched + 1)
    matching.where((either) => {
      for (const pattern of patterns(normaliseName(filter.words ?? '')))
        either.orWhereRaw('name_folded like ?', [pattern])
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
