-- Slack delivers some requests twice. Each act is recorded with the view, trigger or event it answers, so
-- that a repeated delivery finds it. An act that nobody named gets an id of its own.
create table acts_done (
  request_id text primary key,
  done_at timestamptz not null,
  -- Its COMMIT was lost and it is not there: the id is taken, so that it can never be committed.
  is_barred boolean not null default false
);
create index acts_done_by_time on acts_done (done_at);
