import type { Knex } from 'knex'

/**
 * A successor takes its predecessor's name, so the predecessor must point to it before it is there: the reference is
 * checked at commit.
 */
export const up = (knex: Knex) =>
  knex.raw('alter table keys alter constraint keys_successor_id_fkey deferrable initially deferred')

export const down = (knex: Knex) =>
  knex.raw('alter table keys alter constraint keys_successor_id_fkey not deferrable')
