import type { Knex } from 'knex'

/**
 * What the clock asks about keys, each from an index that holds little more than what is due. `used_by_then` is a
 * time at which the key is known to have been in use: it lags behind the traffic, so that counting a request never
 * touches it, and is brought forward when the idle question meets it. Who has left the team is remembered.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table keys
      add column used_by_then timestamptz,
      add column needed_at timestamptz,
      add column needed_by text,
      add check ((needed_at is null) = (needed_by is null));
    create index keys_by_quiet on keys
      (workspace_id, (greatest(status_changed_at, used_by_then, needed_at)), id) where status = 'active';
    create index keys_write_without_expiry on keys (workspace_id, id)
      where status = 'active' and expires_at is null and scopes @> array['write'];

    create table departures (
      workspace_id text not null references workspaces,
      user_id text not null,
      left_at timestamptz not null,
      primary key (workspace_id, user_id)
    );
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop table departures;
    drop index keys_write_without_expiry; drop index keys_by_quiet;
    alter table keys drop column needed_by, drop column needed_at, drop column used_by_then;
  `)
