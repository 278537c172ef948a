import type { Knex } from 'knex'

/** When each job is due again and how late it may be, beside what ran: whoever looks needs no timetable for it. */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table job_runs
      add column next_due_at timestamptz,
      add column late_seconds integer;
  `)

export const down = (knex: Knex) =>
  knex.raw('alter table job_runs drop column late_seconds, drop column next_due_at')
