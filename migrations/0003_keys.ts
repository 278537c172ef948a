import type { Knex } from 'knex'

/**
 * A key's row outlives the key: a revoked one stays for audit and to recognise a dead key in use.
 * A name is unique among live keys that nothing has succeeded yet, so a successor may take it over.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table keys (
      id text primary key,
      workspace_id text not null references workspaces,
      name text not null check (char_length(name) between 1 and 80),
      name_folded text not null,
      description text not null default '' check (char_length(description) <= 300),
      integration text not null default '' check (char_length(integration) <= 80),
      scopes text[] not null check (
        cardinality(scopes) > 0 and scopes <@ array['read', 'write', 'conversations', 'agents', 'analytics']
      ),
      status text not null check (status in ('unrevealed', 'active', 'inactive', 'revoked')),
      hint text,
      token_hash bytea unique check (length(token_hash) = 32),
      owner_id text not null,
      created_by text not null,
      created_at timestamptz not null,
      revealed_by text,
      revealed_at timestamptz,
      lifetime_days integer check (lifetime_days > 0),
      expires_at timestamptz,
      ends_at timestamptz,
      predecessor_id text references keys,
      successor_id text references keys,
      status_changed_at timestamptz not null,
      status_changed_by text not null,
      check (status <> 'unrevealed' or (token_hash is null and hint is null and expires_at is null)),
      check (status not in ('active', 'inactive') or (token_hash is not null and hint is not null))
    );
    create unique index keys_one_live_name on keys (workspace_id, name_folded)
      where status <> 'revoked' and successor_id is null;
    create unique index keys_one_live_successor on keys (predecessor_id) where status <> 'revoked';
    create index keys_by_name on keys (workspace_id, name_folded, id);
    create index keys_by_hint on keys (workspace_id, hint);
    create index keys_by_owner on keys (workspace_id, owner_id, name_folded) where status <> 'revoked';
    create index keys_by_expiry on keys (expires_at) where status = 'active' and expires_at is not null;
  `)

export const down = (knex: Knex) => knex.raw('drop table keys')
