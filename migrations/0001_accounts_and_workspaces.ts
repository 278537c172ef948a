import type { Knex } from 'knex'

/** One Slack team is one account; an account has workspaces; a key belongs to exactly one workspace. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table accounts (
      id text primary key,
      slack_team_id text not null unique,
      name text not null,
      created_at timestamptz not null
    );
    create table workspaces (
      id text primary key,
      account_id text not null references accounts,
      name text not null check (char_length(name) between 1 and 80),
      name_folded text not null,
      terms jsonb not null default '{}',
      created_at timestamptz not null,
      unique (account_id, name_folded)
    );
  `)

export const down = (knex: Knex) => knex.raw('drop table workspaces; drop table accounts')
