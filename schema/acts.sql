-- Slack delivers some requests twice. Each act is recorded with the view, trigger or event it answers, so
-- that a repeated delivery finds it.
create table acts_done (
  request_id text primary key,
  done_at timestamptz not null
);
create index acts_done_by_time on acts_done (done_at);
