-- One person requests a key; another decides, and may grant less than was asked. The draft is checked again when it
-- becomes a key. A request is closed when the person it concerns leaves, withdrawn by its requester, and lapses when
-- nobody decides.
create table key_requests (
  id text primary key,
  workspace_id text not null references workspaces,
  draft jsonb not null,
  reason text not null check (char_length(reason) between 1 and 300),
  requested_by text not null,
  requested_at timestamptz not null,
  state text not null check (state in ('waiting', 'approved', 'denied', 'closed', 'withdrawn', 'lapsed')),
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  key_id text references keys,
  closed_for text,
  -- scopes and lifetime where the approver granted less than the draft asks for
  granted jsonb,
  check ((state = 'waiting') = (decided_by is null)),
  check (decided_by is null or (decided_by = requested_by) = (state = 'withdrawn')),
  check ((state = 'approved') = (key_id is not null)),
  check ((state = 'closed') = (closed_for is not null)),
  check (granted is null or state = 'approved')
);
create index key_requests_waiting on key_requests (workspace_id, requested_at) where state = 'waiting';
-- For reminding and for letting lapse.
create index key_requests_by_age on key_requests (requested_at) where state = 'waiting';
create index key_requests_by_person on key_requests (workspace_id, requested_by, requested_at);
