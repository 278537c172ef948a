import type { Knex } from 'knex'

/** A Slack user group can give its members a role. Who is in it is a copy, refreshed when Slack says so. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table group_roles (
      workspace_id text not null references workspaces,
      group_id text not null,
      role text not null check (role in ('owner', 'manager')),
      set_at timestamptz not null,
      primary key (workspace_id, group_id)
    );
    create table group_members (
      workspace_id text not null,
      group_id text not null,
      user_id text not null,
      primary key (workspace_id, group_id, user_id),
      foreign key (workspace_id, group_id) references group_roles on delete cascade
    );
    create index group_members_by_user on group_members (workspace_id, user_id);
  `)

export const down = (knex: Knex) => knex.raw('drop table group_members; drop table group_roles')
