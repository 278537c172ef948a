import type { Knex } from 'knex'

/** An offer counts from when it was made, or made again after a reveal was taken back. */
export const up = (knex: Knex) =>
  knex.raw(`
    drop index keys_unrevealed;
    create index keys_unrevealed on keys (status_changed_at) where status = 'unrevealed';
    create index keys_offered on keys (workspace_id, owner_id, status_changed_at) where status = 'unrevealed';
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index keys_offered; drop index keys_unrevealed;
    create index keys_unrevealed on keys (created_at) where status = 'unrevealed';
  `)
