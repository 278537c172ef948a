import type { Knex } from 'knex'

/** Slack sends some things twice. An act names the view, trigger or event it answers; the second finds it here. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table acts_done (
      request_id text primary key,
      done_at timestamptz not null
    );
    create index acts_done_by_time on acts_done (done_at);
  `)

export const down = (knex: Knex) => knex.raw('drop table acts_done')
