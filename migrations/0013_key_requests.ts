import type { Knex } from 'knex'

/** Somebody asks for a key; somebody else decides. The draft is checked again when it becomes a key. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table key_requests (
      id text primary key,
      workspace_id text not null references workspaces,
      draft jsonb not null,
      reason text not null check (char_length(reason) between 1 and 300),
      requested_by text not null,
      requested_at timestamptz not null,
      state text not null check (state in ('waiting', 'approved', 'denied')),
      decided_by text,
      decided_at timestamptz,
      decision_reason text,
      key_id text references keys,
      channel_id text,
      ts text,
      check ((state = 'waiting') = (decided_by is null)),
      check (decided_by is null or decided_by <> requested_by),
      check ((state = 'approved') = (key_id is not null))
    );
    create index key_requests_waiting on key_requests (workspace_id, requested_at) where state = 'waiting';
    create index key_requests_by_person on key_requests (workspace_id, requested_by, requested_at);
  `)

export const down = (knex: Knex) => knex.raw('drop table key_requests')
