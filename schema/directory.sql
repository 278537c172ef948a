-- The e-mail addresses of people, as Slack no longer returns them once a member is deactivated.
create table emails (
  account_id text not null references accounts,
  email text not null check (email = lower(email)),
  user_id text not null,
  seen_at timestamptz not null,
  primary key (account_id, email)
);
create index emails_by_user on emails (account_id, user_id);

-- The state of a person that Slack last reported, with its time by Slack's count: events repeat and overtake each other.
create table slack_users (
  account_id text not null references accounts,
  user_id text not null,
  updated bigint not null,
  deleted boolean not null,
  primary key (account_id, user_id)
);

-- The credentials of other systems that report leavers. A SCIM token is stored as a hash; the secret of a
-- webhook is stored itself, since signatures are checked with it.
create table connections (
  id text primary key,
  account_id text not null references accounts,
  workspace_id text not null references workspaces,
  kind text not null check (kind in ('scim', 'webhook')),
  hint text not null,
  token_hash bytea unique check (length(token_hash) = 32),
  secret text,
  created_by text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text,
  check ((kind = 'scim') = (token_hash is not null)),
  check (kind = 'webhook' or secret is null),
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
