import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'

/** One request of a key. `code` is a verdict's code, or the HTTP status that the platform reported. */
export type RecentRequest = { at: Date; endpoint: string; code: string; network: string; client: string }

/** A request as it is remembered until it is flushed. */
export type TimedRequest = Omit<RecentRequest, 'at'> & { atMs: number }

/** How many requests of each key are remembered, the latest. */
export const recentPerKey = 200
const daysKept = 30

/**
 * A key's last requests, the latest first, none older than thirty days. A request is here within two seconds; when
 * many keys are in use each waits for its turn, and of what came meanwhile the last two hundred are kept.
 */
export async function recentOf(
  db: Executor,
  keyId: string,
  now: Date,
  limit = recentPerKey,
): Promise<RecentRequest[]> {
  const row = await db('usage_recent').where({ key_id: keyId }).first('entries')
  const since = now.getTime() - daysKept * dayMs
  return ((row?.entries ?? []) as string[])
    .map(readEntry)
    .filter(({ at }) => at.getTime() > since)
    .slice(0, limit)
}

/** Forgets the keys whose last request is older than it is kept. @returns how many */
export const forgetRecent = (db: Executor, now: Date): Promise<number> =>
  db('usage_recent')
    .where('last_day', '<', new Date(now.getTime() - (daysKept + 1) * dayMs))
    .delete()

/** A request as the database keeps it: texts of one key sort by time, and none contains a tab. */
export const entryOf = ({ atMs, code, network, client, endpoint }: TimedRequest): string =>
  [String(atMs).padStart(13, '0'), code, network, client, endpoint].join('\t')

function readEntry(entry: string): RecentRequest {
  const [atMs, code, network, client, endpoint] = entry.split('\t') as [
    string,
    string,
    string,
    string,
    string,
  ]
  return { at: new Date(Number(atMs)), endpoint, code, network, client }
}
