-- A person leaves: one offboarding until they return, from whichever source it is requested. It ends keys in
-- every workspace of an account, although the person who requests it may be in charge of only some of them.
create table offboardings (
  id text primary key,
  account_id text not null references accounts,
  workspace_id text not null references workspaces,
  user_id text,
  email text,
  -- further addresses of a person whom Slack has not named yet
  also_by text[] not null default '{}',
  mode text not null check (mode in ('by-use', 'revoke', 'deactivate', 'rotate')),
  successor_id text,
  note text not null default '' check (char_length(note) <= 300),
  choices jsonb not null default '{}',
  -- workspaces where mode, successor and choices apply; in others their policy does
  decides_in text[] not null default '{}',
  -- workspaces where the leaver's role stays, since nobody who requested this may end it
  keeps_role_in text[] not null default '{}',
  last_owner_of text[] not null default '{}',
  state text not null check (state in ('unmatched', 'requested', 'acting', 'confirming', 'done')),
  requested_by text not null,
  requested_at timestamptz not null,
  begun_at timestamptz not null,
  due_at timestamptz not null,
  done_at timestamptz,
  ended_at timestamptz,
  ended_because text check (ended_because in ('undone', 'returned', 'merged')),
  -- the live message that it has, or shares with others who leave at the same time, and since when
  message_id text,
  message_at timestamptz,
  announced boolean not null default true,
  check (user_id is not null or email is not null),
  check ((user_id is null) = (state = 'unmatched')),
  check ((state = 'done') = (done_at is not null)),
  check ((ended_at is null) = (ended_because is null)),
  check ((message_id is null) = (message_at is null))
);
create unique index offboardings_one_a_person on offboardings (account_id, user_id)
  where ended_at is null and user_id is not null;
create unique index offboardings_one_an_email on offboardings (account_id, email)
  where ended_at is null and user_id is null;
create index offboardings_to_do on offboardings (begun_at) where state in ('requested', 'acting', 'confirming');
create index offboardings_unannounced on offboardings (workspace_id, requested_at)
  where message_id is null and announced;
create index offboardings_by_message on offboardings (message_id);
create index offboardings_lately on offboardings (workspace_id, message_at) where message_at is not null;

-- Each request for it: one for each person, each run of a workflow, each other source.
create table offboarding_requests (
  offboarding_id text not null references offboardings,
  source text not null check (
    source in ('slack', 'workflow', 'user-change', 'scim', 'webhook', 'shell', 'reconcile')),
  reference text not null default '',
  requested_by text not null,
  requested_at timestamptz not null,
  -- what this request asked for and did not get
  ignored_mode text check (ignored_mode in ('by-use', 'revoke', 'deactivate', 'rotate')),
  ignored_successor text,
  -- when the source said that the person is back
  withdrawn_at timestamptz,
  primary key (offboarding_id, source, reference)
);

-- Why a key is affected, its plan and its outcome; a process that restarts continues from there.
create table offboarding_keys (
  offboarding_id text not null references offboardings,
  key_id text not null references keys,
  workspace_id text not null references workspaces,
  reasons text[] not null,
  busy boolean not null,
  plan text not null check (plan in ('revoke', 'deactivate', 'rotate', 'hand-over', 'keep')),
  outcome text check (
    outcome in ('revoked', 'deactivated', 'rotating', 'handed-over', 'kept', 'refused-already', 'failed')),
  why text not null default '',
  owner_before text not null,
  owner_after text,
  successor_key_id text,
  ends_at timestamptz,
  acted_at timestamptz,
  confirmed_at timestamptz,
  receipt jsonb,
  undone_at timestamptz,
  primary key (offboarding_id, key_id),
  check ((outcome is null) = (acted_at is null))
);
create index offboarding_keys_to_do on offboarding_keys (offboarding_id, workspace_id, key_id)
  where outcome is null;
create index offboarding_keys_by_key on offboarding_keys (key_id);

-- Accepted deliveries: a repeated one gets the same answer, and a signature is accepted once.
create table webhook_deliveries (
  connection_id text not null references connections,
  idempotency_key text not null,
  body_hash bytea not null,
  signature bytea not null,
  offboarding_id text not null references offboardings,
  received_at timestamptz not null,
  primary key (connection_id, idempotency_key),
  unique (connection_id, signature)
);
