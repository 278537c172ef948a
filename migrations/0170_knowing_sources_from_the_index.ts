import type { Knex } from 'knex'

/**
 * Every five minutes each active key's sources are looked for among those that have been known for a day. With the time in
 * the index that is all that is read; rows never change, so nothing else becomes dearer.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create unique index key_sources_known on key_sources (key_id, source) include (first_at);
    alter table key_sources drop constraint key_sources_pkey;
    alter table key_sources add constraint key_sources_pkey primary key using index key_sources_known;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    alter table key_sources drop constraint key_sources_pkey;
    alter table key_sources add constraint key_sources_pkey primary key (key_id, source);
  `)
