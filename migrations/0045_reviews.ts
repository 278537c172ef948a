import type { Knex } from 'knex'

/**
 * A review asks every owner which keys are still needed. Whether a key was confirmed follows from the key itself; a
 * row here says that it was asked about, until when, and that somebody said it is not needed. `settled_at` is set
 * once nothing remains to be asked, so that what is open can be read without the rest.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table reviews (
      id text primary key,
      workspace_id text not null references workspaces,
      begun_at timestamptz not null,
      begun_by text not null,
      answer_by timestamptz not null,
      ended_at timestamptz,
      check (answer_by > begun_at)
    );
    create unique index reviews_one_open on reviews (workspace_id) where ended_at is null;
    create index reviews_by_time on reviews (workspace_id, begun_at);

    create table review_keys (
      review_id text not null references reviews,
      key_id text not null references keys,
      answer_by timestamptz not null,
      unneeded_at timestamptz,
      unneeded_by text,
      settled_at timestamptz,
      primary key (review_id, key_id),
      check ((unneeded_at is null) = (unneeded_by is null))
    );
    create index review_keys_open on review_keys (review_id, answer_by) where settled_at is null;
  `)

export const down = (knex: Knex) => knex.raw('drop table review_keys; drop table reviews')
