-- Reports of leaked keys: one for each dialog, command, scanner's request or message, taken once. Tokens are hashed as
-- they arrive; neither they nor the text around them are kept.
create table leak_reports (
  id text primary key,
  account_id text not null references accounts,
  -- an actor's name, or the author of a message
  reporter text not null,
  -- the reporter's own id of the report
  reference text not null check (char_length(reference) between 1 and 200),
  evidence text not null check (evidence in ('person', 'scanner', 'pasted')),
  -- of all that was sent, so that another report under the same id is refused
  content_hash bytea check (length(content_hash) = 32),
  reported_at timestamptz not null,
  unique (account_id, reporter, reference)
);
create index leak_reports_by_age on leak_reports (reported_at);

-- The keys that a report was about.
create table leaks (
  report_id text not null references leak_reports on delete cascade,
  key_id text not null references keys,
  workspace_id text not null references workspaces,
  -- of the token that was reported: a key that has another one by now is safe
  token_hash bytea not null,
  -- whether the whole token was reported; a hint alone proves nothing
  is_whole boolean not null,
  found_at text not null default '' check (char_length(found_at) <= 300),
  reported_at timestamptz not null,
  -- of the policy, when it was reported
  action text not null check (action in ('notify', 'quarantine', 'rotate', 'revoke')),
  acted_at timestamptz,
  -- the action on the key; null if nothing was left to do
  did text check (did in ('quarantine', 'rotate', 'revoke')),
  -- once every verifier has confirmed it
  receipt jsonb,
  primary key (report_id, key_id),
  check (did is null or acted_at is not null),
  check (receipt is null or did is not null)
);
create index leaks_by_workspace on leaks (workspace_id, key_id);
create index leaks_of_key on leaks (key_id);
create index leaks_to_act on leaks (reported_at) where acted_at is null;
create index leaks_to_confirm on leaks (key_id) where did is not null and receipt is null;
