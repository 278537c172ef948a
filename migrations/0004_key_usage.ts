import type { Knex } from 'knex'

/** What moves with traffic stands apart from the key, so that counting never touches the key's row. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table key_usage (
      key_id text primary key references keys,
      requests bigint not null default 0,
      first_used_at timestamptz not null,
      last_used_at timestamptz not null
    ) with (fillfactor = 70);
  `)

export const down = (knex: Knex) => knex.raw('drop table key_usage')
