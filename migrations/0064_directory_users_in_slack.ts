import type { Knex } from 'knex'

/** Whom Slack knew by an address that the directory has changed since: the new one may never reach Slack. */
export const up = (knex: Knex) => knex.raw('alter table directory_users add column slack_user_id text')

export const down = (knex: Knex) => knex.raw('alter table directory_users drop column slack_user_id')
