import type { Knex } from 'knex'

/**
 * Somebody who left the team, or is a guest by now, has no rights. The last owner's row stays all the same, so that
 * the shell can see who it was: it says when they left.
 */
export const up = (knex: Knex) => knex.raw('alter table members add column left_at timestamptz')

export const down = (knex: Knex) => knex.raw('alter table members drop column left_at')
