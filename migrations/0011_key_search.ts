import type { Knex } from 'knex'

/** Trigrams find a name by any part of it, and the names nearest to a misspelt one. */
export const up = (knex: Knex) =>
  knex.raw(`
    create extension if not exists pg_trgm;
    create index keys_by_likeness on keys using gin (name_folded gin_trgm_ops);
  `)

export const down = (knex: Knex) => knex.raw('drop index keys_by_likeness')
