import type { Knex } from 'knex'

/**
 * What looks like a leak, or comes mostly from new sources, is told by itself whatever fleet event is open. What is open
 * now and looks like a leak leaves the event that holds it when the detector runs next.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table anomaly_episodes add column stands_alone boolean not null default false;
    update anomaly_episodes set stands_alone = true where over_at is null and severity = 'critical';
  `)

export const down = (knex: Knex) => knex.raw('alter table anomaly_episodes drop column stands_alone')
