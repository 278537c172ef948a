-- Slack sends some things twice. An act names the view, trigger or event it answers; the second finds it
-- here.
create table acts_done (
  request_id text primary key,
  done_at timestamptz not null
);
create index acts_done_by_time on acts_done (done_at);
