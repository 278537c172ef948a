import type { Knex } from 'knex'

/** What narrows a key beyond its scopes, and what stops all keys of a workspace or an account at once. */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table keys
      add column allowed_networks text[] not null default '{}' check (cardinality(allowed_networks) <= 50),
      add column limit_per_minute integer check (limit_per_minute > 0);
    alter table workspaces add column suspended_at timestamptz;
    alter table accounts add column suspended_at timestamptz;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    alter table accounts drop column suspended_at;
    alter table workspaces drop column suspended_at;
    alter table keys drop column limit_per_minute, drop column allowed_networks;
  `)
