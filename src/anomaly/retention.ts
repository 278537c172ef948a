import type { Database } from '../foundation/database.ts'
import { inBatches } from '../foundation/in-batches.ts'
import { dayMs } from '../foundation/time.ts'

/** Days for which an episode is kept once it is over: as long as its messages. */
export const keptEpisodeDays = 90

/**
 * Forgets what was known of the use of keys that are revoked: nobody can use them, so nobody asks. And of every key the
 * times of unusual use that were over long ago, with the fleet events that held them. Returns how many rows went.
 */
export async function forgetWatched(db: Database, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keptEpisodeDays * dayMs)
  return (
    (await inBatches(db, statesOfRevoked)) +
    (await inBatches(db, sourcesOfRevoked)) +
    (await inBatches(
      db,
      `delete from anomaly_episodes where id in (
         select id from anomaly_episodes where over_at < ? order by over_at limit ?)`,
      before,
    )) +
    (await inBatches(
      db,
      `delete from fleet_events where id in (
         select id from fleet_events f where over_at < ?
           and not exists (select from anomaly_episodes e where e.fleet_id = f.id)
           and not exists (select from anomaly_episodes e where e.left_fleet_id = f.id) limit ?)`,
      before,
    ))
  )
}

const statesOfRevoked = `
  delete from anomaly_states where key_id in (
    select key_id from anomaly_states join keys k on k.id = key_id where k.status = 'revoked' limit ?)`
const sourcesOfRevoked = `
  delete from key_sources where (key_id, source) in (
    select key_id, source from key_sources join keys k on k.id = key_id where k.status = 'revoked' limit ?)`
