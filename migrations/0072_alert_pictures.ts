import type { Knex } from 'knex'

/** The picture of an alert stays in its message when the words are edited, without being drawn and uploaded anew. */
export const up = (knex: Knex) => knex.raw('alter table alert_messages add column picture_id text')

export const down = (knex: Knex) => knex.raw('alter table alert_messages drop column picture_id')
