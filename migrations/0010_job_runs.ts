import type { Knex } from 'knex'

/**
 * One row per job of the timetable. A run holds an expiring claim; its fence number grows with each claim, so
 * that a run which lost its claim cannot record its end.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table job_runs (
      job text primary key,
      fence bigint not null default 0,
      claimed_until timestamptz,
      started_at timestamptz,
      finished_at timestamptz,
      failed_at timestamptz,
      error text
    );
  `)

export const down = (knex: Knex) => knex.raw('drop table job_runs')
