import type { Knex } from 'knex'

/** What must reach the outside, exactly as decided: once per (finding, step, destination). */
export const up = (knex: Knex) =>
  knex.raw(`
    create table outbox (
      seq bigint generated always as identity primary key,
      id text not null unique,
      workspace_id text not null references workspaces,
      finding_id text not null references findings,
      step text not null,
      destination text not null,
      put_at timestamptz not null,
      attempts integer not null default 0,
      claimed_until timestamptz,
      retry_after timestamptz,
      last_error text,
      settled_at timestamptz,
      unique (finding_id, step, destination)
    );
    create index outbox_waiting on outbox (destination, seq) where settled_at is null;

    create table alert_messages (
      finding_id text not null references findings,
      destination text not null,
      channel_id text not null,
      ts text not null,
      posted_at timestamptz not null,
      primary key (finding_id, destination)
    );
  `)

export const down = (knex: Knex) => knex.raw('drop table alert_messages; drop table outbox')
