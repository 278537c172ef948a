import type { Knex } from 'knex'

/** A report is filed once, even when what its message says changes again later. */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table offboarding_messages add column filed_at timestamptz;
    alter table offboarding_keys add column offer_attempts integer not null default 0;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    alter table offboarding_keys drop column offer_attempts;
    alter table offboarding_messages drop column filed_at;
  `)
