import type { Knex } from 'knex'

/** The platform's credentials for asking Keywarden: hashed, shown once, one account each. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table service_tokens (
      id text primary key,
      account_id text not null references accounts,
      name text not null check (char_length(name) between 1 and 80),
      hint text not null,
      token_hash bytea not null unique check (length(token_hash) = 32),
      created_by text not null,
      created_at timestamptz not null,
      revoked_at timestamptz
    );
    create index service_tokens_by_account on service_tokens (account_id, created_at);
  `)

export const down = (knex: Knex) => knex.raw('drop table service_tokens')
