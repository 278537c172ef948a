import type { Knex } from 'knex'

/** A fact about a key that someone should act on, open until it stops being true; each opening is an episode. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table findings (
      id text primary key,
      workspace_id text not null references workspaces,
      kind text not null,
      key_id text not null references keys,
      step text not null,
      severity text not null check (severity in ('notice', 'warning', 'critical')),
      facts jsonb not null,
      opened_at timestamptz not null,
      changed_at timestamptz not null,
      resolved_at timestamptz,
      resolution jsonb,
      check ((resolved_at is null) = (resolution is null))
    );
    create unique index findings_one_open on findings (key_id, kind) where resolved_at is null;
    create index findings_open_by_kind on findings (workspace_id, kind) where resolved_at is null;
  `)

export const down = (knex: Knex) => knex.raw('drop table findings')
