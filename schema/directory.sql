-- The e-mail addresses of people, as Slack no longer returns them once a member is deactivated.
create table emails (
  account_id text not null references accounts,
  email text not null check (email = lower(email)),
  user_id text not null,
  -- Slack's list of members, or an operator, whom Slack does not overrule
  source text not null default 'slack' check (source in ('slack', 'shell')),
  seen_at timestamptz not null,
  primary key (account_id, email)
);
create index emails_by_user on emails (account_id, user_id);

-- The state of a person that Slack last reported, with its time by Slack's count: events repeat and overtake each other.
create table slack_users (
  account_id text not null references accounts,
  user_id text not null,
  updated bigint not null,
  is_out boolean not null,
  primary key (account_id, user_id)
);

-- The credentials of other systems that report leavers. A SCIM token is stored as a hash; the secret of a
-- webhook is stored itself, since signatures are checked with it: encrypted with the key secret_key_id of the
-- configuration, or plain where that is null.
create table connections (
  id text primary key,
  account_id text not null references accounts,
  workspace_id text not null references workspaces,
  kind text not null check (kind in ('scim', 'webhook')),
  hint text not null,
  token_hash bytea unique check (length(token_hash) = 32),
  secret text,
  secret_key_id text,
  created_by text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text,
  check ((kind = 'scim') = (token_hash is not null)),
  check (kind = 'webhook' or secret is null),
  check (secret_key_id is null or secret is not null),
  check (revoked_at is null or secret is null)
);
create index connections_by_account on connections (account_id, created_at);

-- Users as a directory sent them by SCIM.
create table directory_users (
  id text primary key,
  account_id text not null references accounts,
  user_name text not null,
  user_name_folded text not null,
  external_id text,
  -- The Slack user found by an address that the directory has changed since; Slack may never get the new one.
  slack_user_id text,
  active boolean not null,
  attributes jsonb not null,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (account_id, user_name_folded)
);
create index directory_users_by_external on directory_users (account_id, external_id)
  where external_id is not null;
create index directory_users_inactive on directory_users (account_id) where not active;

-- Groups as a directory pushed them: its pushes fail otherwise, and some then stop with the people. They have no
-- members here and give nobody anything.
create table directory_groups (
  id text primary key,
  account_id text not null references accounts,
  name text not null,
  name_folded text not null,
  external_id text,
  created_at timestamptz not null,
  changed_at timestamptz not null,
  unique (account_id, name_folded)
);
create index directory_groups_by_external on directory_groups (account_id, external_id)
  where external_id is not null;
