-- A review asks every owner which keys are still needed.
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

-- A key under review, its deadline, and whether it was reported as no longer needed. Whether it was confirmed
-- follows from the key itself.
create table review_keys (
  review_id text not null references reviews,
  key_id text not null references keys,
  answer_by timestamptz not null,
  unneeded_at timestamptz,
  unneeded_by text,
  -- set once nothing remains to be answered, so that the open keys can be read without the rest
  closed_at timestamptz,
  primary key (review_id, key_id),
  check ((unneeded_at is null) = (unneeded_by is null))
);
create index review_keys_open on review_keys (review_id, answer_by) where closed_at is null;
