-- Slack users known to a workspace. Guests and strangers never get a row.
create table members (
  workspace_id text not null references workspaces,
  user_id text not null,
  role text not null check (role in ('owner', 'manager', 'member')),
  added_at timestamptz not null,
  changed_at timestamptz not null,
  -- Set for a person who left the team, or is a guest by now: they have no rights. The last owner's row stays
  -- all the same, so that the shell can see who it was.
  left_at timestamptz,
  primary key (workspace_id, user_id)
);
create index members_in_charge on members (workspace_id, role) where role in ('owner', 'manager');

-- Who has left the team, also when they never had a row of their own.
create table departures (
  workspace_id text not null references workspaces,
  user_id text not null,
  left_at timestamptz not null,
  primary key (workspace_id, user_id)
);

-- A Slack user group can give its members a role. Who is in it is a copy, refreshed when Slack says so.
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
