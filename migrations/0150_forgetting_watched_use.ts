import type { Knex } from 'knex'

/** What is known of revoked keys' use, and times of unusual use that were over long ago, are found to be forgotten. */
export const up = (knex: Knex) =>
  knex.raw(`
    create index keys_revoked on keys (id) where status = 'revoked';
    create index anomaly_episodes_over on anomaly_episodes (over_at) where over_at is not null;
  `)

export const down = (knex: Knex) => knex.raw('drop index anomaly_episodes_over; drop index keys_revoked;')
