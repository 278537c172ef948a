import type { Executor } from './database.ts'

const wanted = ['btree_gin', 'btree_gist', 'pg_trgm']

/**
 * Sentences about what Keywarden assumes of this database and cannot see: that a promotion loses nothing, and that the
 * extensions of its indexes are there. Empty when all is as it should be.
 */
export async function doubtsAbout(db: Executor): Promise<string[]> {
  const { rows } = await db.raw(
    `select current_setting('synchronous_standby_names') as named,
       array(select unnest(?::text[]) except select extname::text from pg_extension order by 1) as missing,
       array(
         select application_name from pg_stat_replication as standby
         where not exists (
           select from pg_replication_slots as slot where slot.active_pid = standby.pid and slot.slot_type = 'logical')
         order by 1
       ) as standbys`,
    [wanted],
  )
  const { named, missing, standbys } = rows[0] as { named: string; missing: string[]; standbys: string[] }
  return [
    ...(named === '' && standbys.length > 0
      ? [
          `the standby ${standbys.join(', ')} is asynchronous: promoting it may undo confirmed revokes; name it in synchronous_standby_names`,
        ]
      : []),
    ...(missing.length > 0
      ? [
          `the extension ${missing.join(', ')} is missing; as its owner run: ${missing.map((name) => `create extension ${name};`).join(' ')}`,
        ]
      : []),
  ]
}
