import type { Database, Executor } from '../foundation/database.ts'

/** Until when every key has been stepped, and since when counts may have been missing. */
export type Progress = { through: Date; doubtFrom: Date | null }

/** Undefined before the first run. */
export async function readProgress(db: Executor): Promise<Progress | undefined> {
  const row = await db('anomaly_progress').first('through', 'doubt_from')
  return row && { through: row.through, doubtFrom: row.doubt_from }
}

/** Records that every key has been stepped until then. */
export async function writeProgress(db: Database, { through, doubtFrom }: Progress): Promise<void> {
  await db.raw(
    `insert into anomaly_progress as p (through, doubt_from) values (:through, :doubtFrom)
     on conflict (only_row) do update
       set through = greatest(p.through, excluded.through), doubt_from = excluded.doubt_from`,
    { through, doubtFrom },
  )
}

/** Marks the states of keys that were active in that time to be rebuilt: they may have been counted late. */
export async function doubtStates(db: Database, from: Date, until: Date): Promise<void> {
  await db.raw(
    `update anomaly_states set is_doubtful = true where not is_doubtful and key_id in (
       select key_id from usage_buckets where bucket >= ? and bucket < ? and source = 'verify')`,
    [from, until],
  )
}
