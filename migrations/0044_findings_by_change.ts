import type { Knex } from 'knex'

/** The digest asks what a week has changed. */
export const up = (knex: Knex) =>
  knex.raw('create index findings_by_change on findings (workspace_id, changed_at)')

export const down = (knex: Knex) => knex.raw('drop index findings_by_change')
