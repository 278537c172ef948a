import type { Knex } from 'knex'

/**
 * An account that has adopted keys from elsewhere: what is presented there may have any form, so a wrong prefix or
 * checksum says nothing and every token is looked up.
 */
export const up = (knex: Knex) =>
  knex.raw('alter table accounts add column foreign_tokens boolean not null default false')

export const down = (knex: Knex) => knex.raw('alter table accounts drop column foreign_tokens')
