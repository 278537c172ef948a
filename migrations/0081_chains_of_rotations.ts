import type { Knex } from 'knex'

/**
 * The new key of a running rotation can be rotated itself, when it was compromised or its owner leaves. When it ends, its
 * own successor takes its place in the first rotation too.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    drop index rotations_one_open_successor;
    create index rotations_open_by_successor on rotations (successor_id) where ended_at is null;
    create index keys_by_successor on keys (successor_id) where successor_id is not null;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index keys_by_successor; drop index rotations_open_by_successor;
    create unique index rotations_one_open_successor on rotations (successor_id) where ended_at is null;
  `)
