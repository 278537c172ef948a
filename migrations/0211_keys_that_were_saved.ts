import type { Knex } from 'knex'

/**
 * When whoever was shown a key said that they saved it, and the direct messages that offer to replace its token: once
 * that token is saved or replaced, they say so and offer it no more.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table keys add column saved_at timestamptz;

    create table token_messages (
      channel_id text not null,
      ts text not null,
      key_id text not null references keys,
      hint text not null,
      posted_at timestamptz not null,
      primary key (channel_id, ts)
    );
    create index token_messages_by_key on token_messages (key_id, hint);
    create index token_messages_by_age on token_messages (posted_at);
  `)

export const down = (knex: Knex) =>
  knex.raw('drop table token_messages; alter table keys drop column saved_at')
