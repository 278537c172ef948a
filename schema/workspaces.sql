-- One Slack team is one account; an account has workspaces; a key belongs to exactly one workspace.
create table accounts (
  id text primary key,
  slack_team_id text not null unique,
  name text not null,
  created_at timestamptz not null,
  -- stops all keys of the account at once
  suspended_at timestamptz,
  -- It has imported keys: a token may have any form, so that one with a wrong prefix or checksum is searched
  -- for all the same.
  foreign_tokens boolean not null default false
);

create table workspaces (
  id text primary key,
  account_id text not null references accounts,
  name text not null check (char_length(name) between 1 and 80),
  name_folded text not null,
  policy jsonb not null default '{}',
  created_at timestamptz not null,
  -- stops all keys of the workspace at once
  suspended_at timestamptz,
  unique (account_id, name_folded)
);

-- The platform's credentials for calling Keywarden: hashed, shown once, for one account each.
create table service_tokens (
  id text primary key,
  account_id text not null references accounts,
  name text not null check (char_length(name) between 1 and 80),
  hint text not null,
  token_hash bytea not null unique check (length(token_hash) = 32),
  -- its one right: to ask verifiers, or to report leaks, so that a scanner cannot find out which tokens are good
  may text not null default 'verify' check (may in ('verify', 'leaks')),
  created_by text not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);
create index service_tokens_by_account on service_tokens (account_id, created_at);

-- The workspace of a person who names none, and when they last opened Home.
create table preferences (
  account_id text not null references accounts,
  user_id text not null,
  workspace_id text references workspaces,
  home_seen_at timestamptz,
  home_shows text not null default 'mine' check (home_shows in ('mine', 'all')),
  primary key (account_id, user_id)
);
create index preferences_recent_homes on preferences (account_id, home_seen_at) where home_seen_at is not null;

-- Slack users known to a workspace. Guests and external users never get a row.
create table members (
  workspace_id text not null references workspaces,
  user_id text not null,
  role text not null check (role in ('owner', 'manager', 'member')),
  added_at timestamptz not null,
  changed_at timestamptz not null,
  -- Set for a person who left the team or became a guest: they have no rights. The last owner's row stays all
  -- the same, so that the command line can show who it was.
  left_at timestamptz,
  primary key (workspace_id, user_id)
);
create index members_in_charge on members (workspace_id, role) where role in ('owner', 'manager');

-- People who have left the team, including those who never were members of the workspace.
create table departures (
  workspace_id text not null references workspaces,
  user_id text not null,
  left_at timestamptz not null,
  primary key (workspace_id, user_id)
);

-- A Slack user group can give its members a role. group_members is a copy, refreshed when Slack reports a change.
create table group_roles (
  workspace_id text not null references workspaces,
  group_id text not null,
  role text not null check (role in ('owner', 'manager')),
  set_at timestamptz not null,
  primary key (workspace_id, group_id)
);

create table group_members (
  workspace_id text not null,
  group_id text not null,
  user_id text not null,
  primary key (workspace_id, group_id, user_id),
  foreign key (workspace_id, group_id) references group_roles on delete cascade
);
create index group_members_by_user on group_members (workspace_id, user_id);
