import type { Knex } from 'knex'

/** One process at a time answers a workflow's step, and one that cannot be answered now waits and lets others pass. */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table offboarding_requests add column attempts integer not null default 0;
    alter table offboarding_requests add column claimed_until timestamptz;
    alter table offboarding_requests add column retry_after timestamptz;
    create index offboarding_requests_unanswered on offboarding_requests (requested_at)
      where source = 'workflow' and answered_at is null;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index offboarding_requests_unanswered;
    alter table offboarding_requests drop column attempts, drop column claimed_until, drop column retry_after;
  `)
