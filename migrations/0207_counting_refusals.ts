import type { Knex } from 'knex'

/**
 * How often Slack refused a message, apart from how often it was tried: an outage is no refusal, however long it lasts.
 * What was refused for good ends as `refused`, with what Slack said, and is counted.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table outbox add column refusals integer not null default 0;
    create index outbox_refused on outbox (put_at) where outcome = 'refused';
    alter table rotation_notes add column refusals integer not null default 0;
    alter table offboarding_messages add column file_refusals integer not null default 0;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    alter table offboarding_messages drop column file_refusals;
    alter table rotation_notes drop column refusals;
    drop index outbox_refused;
    alter table outbox drop column refusals;
  `)
