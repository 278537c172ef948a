import type { Knex } from 'knex'

/** Which workspace a person works in when they name none, and when they last looked at Home. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table preferences (
      account_id text not null references accounts,
      user_id text not null,
      workspace_id text references workspaces,
      home_seen_at timestamptz,
      home_shows text not null default 'mine' check (home_shows in ('mine', 'all')),
      primary key (account_id, user_id)
    );
    create index preferences_recent_homes on preferences (account_id, home_seen_at) where home_seen_at is not null;
  `)

export const down = (knex: Knex) => knex.raw('drop table preferences')
