-- One hash chain per workspace. Each event stores the exact text that was hashed, so that an export can be
-- verified without knowing how its JSON was serialised. The function that appends reads the other columns
-- from that text, so that they cannot disagree with it.
create table audit_heads (
  workspace_id text primary key references workspaces,
  seq bigint not null,
  hash bytea not null
);

create table audit_events (
  workspace_id text not null references workspaces,
  seq bigint not null,
  at timestamptz not null,
  event text not null,
  actor_kind text not null,
  actor_id text not null,
  key_id text,
  body text not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (workspace_id, seq)
);
create index audit_events_by_key on audit_events (workspace_id, key_id, seq) where key_id is not null;
create index audit_events_by_actor on audit_events (workspace_id, actor_id, seq);

create trigger audit_events_append_only before update or delete on audit_events
  for each row execute function audit_is_append_only();
create trigger audit_events_no_truncate before truncate on audit_events
  for each statement execute function audit_is_append_only();

-- Refused attempts, counted by the hour. Once an hour is over, its counts are summed up in the chain.
create table audit_refusals (
  workspace_id text not null references workspaces,
  actor_id text not null,
  action text not null,
  code text not null,
  key_id text not null default '',
  hour timestamptz not null,
  attempts bigint not null,
  summed_up_at timestamptz,
  primary key (workspace_id, actor_id, action, code, key_id, hour)
);
create index audit_refusals_to_sum_up on audit_refusals (hour) where summed_up_at is null and attempts > 1;
