import type { Knex } from 'knex'

/** Slack users known to a workspace. Guests and strangers never get a row. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table members (
      workspace_id text not null references workspaces,
      user_id text not null,
      role text not null check (role in ('owner', 'manager', 'member')),
      added_at timestamptz not null,
      changed_at timestamptz not null,
      primary key (workspace_id, user_id)
    );
    create index members_in_charge on members (workspace_id, role) where role in ('owner', 'manager');
  `)

export const down = (knex: Knex) => knex.raw('drop table members')
