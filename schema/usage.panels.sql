-- Where a person's panel about a key, or about a workspace as a whole, stands: the next one takes its place.
create table usage_panels (
  user_id text not null,
  subject_id text not null,
  channel_id text not null,
  ts text not null,
  shown_at timestamptz not null,
  primary key (user_id, subject_id)
);
create index usage_panels_by_time on usage_panels (shown_at);
