import type { Knex } from 'knex'

/**
 * Since when a key may have been quiet, as a column of its own: of an expression the planner knows no distribution,
 * and it then reads all keys to find the few that are idle.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    drop index keys_by_quiet;
    alter table keys add column quiet_since timestamptz not null
      generated always as (greatest(status_changed_at, used_by_then, needed_at)) stored;
    create index keys_by_quiet on keys (workspace_id, quiet_since, id) where status = 'active';
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index keys_by_quiet;
    alter table keys drop column quiet_since;
    create index keys_by_quiet on keys
      (workspace_id, (greatest(status_changed_at, used_by_then, needed_at)), id) where status = 'active';
  `)
