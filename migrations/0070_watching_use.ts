import type { Knex } from 'knex'

/**
 * What the detector of unusual use knows of each key, and until when. A state is rebuilt from usage when it is missing,
 * so the table is small rows that are updated in place: half of each page stays free for the next version of its rows.
 * `silence_due` is when a silence that began now could become news; it is moved only once it has passed. A state is
 * doubtful, and rebuilt when there is time, when counts came after it had been stepped.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table anomaly_states (
      key_id text primary key,
      through timestamptz not null,
      silence_due timestamptz,
      is_doubtful boolean not null default false,
      state bytea not null
    ) with (fillfactor = 50, toast_tuple_target = 8160);
    alter table anomaly_states alter column state set storage main;
    create index anomaly_states_by_silence on anomaly_states (silence_due) where silence_due is not null;
    create index anomaly_states_doubtful on anomaly_states (key_id) where is_doubtful;

    -- Until when every key that had requests has been looked at, and since when some counter had not told everything yet.
    create table anomaly_progress (
      only_row boolean primary key default true check (only_row),
      through timestamptz not null,
      doubt_from timestamptz
    );

    -- Networks and clients that a key was ever used from, a bounded number for each.
    create table key_sources (
      key_id text not null,
      source text not null,
      first_at timestamptz not null,
      primary key (key_id, source)
    );

    -- Usage comes in the order of time, so that a coarse index finds who was active lately, and costs almost nothing.
    create index usage_buckets_by_time on usage_buckets using brin (bucket) with (pages_per_range = 16);
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index usage_buckets_by_time; drop table key_sources; drop table anomaly_progress; drop table anomaly_states;
  `)
