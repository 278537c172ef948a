import type { Knex } from 'knex'

/** A file of `migrations`. A name `NNNN_expand_<what>` says that code from before it can run on what it makes. */
export type Migration = Knex.Migration & { effect: MigrationEffect }

/** The statement of a migration that `keywarden migrate --plan` prints; a test compares it with what Postgres does. */
export type MigrationEffect = {
  purpose: string
  /**
   * the strongest lock that it takes on each table that was there before, until it ends, as in Postgres' documentation of
   * explicit locking: SHARE ROW EXCLUSIVE and above keep changes waiting, ACCESS EXCLUSIVE also reads
   */
  locks: Record<string, string>
  /** tables whose rows are all written again, which takes time and space in proportion to them */
  rewrites: string[]
}
