-- The message that a finding shares with others of its kind.
create table finding_groups (
  id text primary key,
  workspace_id text not null references workspaces,
  kind text not null,
  day date,
  opened_at timestamptz not null
);
create unique index finding_groups_one_a_day on finding_groups (workspace_id, kind, day) where day is not null;

-- A fact about a key that someone should act on, open while it is true; each opening is an episode.
create table findings (
  id text primary key,
  workspace_id text not null references workspaces,
  kind text not null,
  key_id text not null references keys,
  -- how far it has escalated, as a name and as a rank
  step text not null,
  level integer not null default 0,
  severity text not null check (severity in ('notice', 'warning', 'critical')),
  rank smallint not null
    generated always as (case severity when 'critical' then 3 when 'warning' then 2 else 1 end) stored,
  facts jsonb not null,
  group_id text references finding_groups,
  -- the shared message that it had before it got one of its own
  left_group_id text references finding_groups,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  resolved_at timestamptz,
  resolution jsonb,
  -- the actions of people on it: at most one person took it on or was given it
  acknowledged_by text,
  acknowledged_at timestamptz,
  assigned_to text,
  assigned_by text,
  snoozed_until timestamptz,
  snoozed_by text,
  snooze_reason text,
  check ((resolved_at is null) = (resolution is null)),
  check ((acknowledged_by is null) = (acknowledged_at is null)),
  check ((assigned_to is null) = (assigned_by is null)),
  check (acknowledged_by is null or assigned_to is null),
  check ((snoozed_until is null) = (snoozed_by is null))
);
create unique index findings_one_open on findings (key_id, kind) where resolved_at is null;
create index findings_open_by_kind on findings (workspace_id, kind) where resolved_at is null;
create index findings_by_group on findings (group_id) where group_id is not null;
create index findings_by_left_group on findings (left_group_id) where left_group_id is not null;
create index findings_snoozed on findings (snoozed_until) where snoozed_until is not null and resolved_at is null;
create index findings_snoozed_inbox on findings (workspace_id, rank, changed_at, id)
  where snoozed_until is not null and resolved_at is null;
-- For inboxes: the most urgent first, and of those the latest.
create index findings_inbox on findings (workspace_id, rank, changed_at, id)
  where resolved_at is null and snoozed_until is null;
create index findings_by_assignee on findings (coalesce(acknowledged_by, assigned_to), workspace_id)
  where resolved_at is null and coalesce(acknowledged_by, assigned_to) is not null;
-- For the digest: the changes of a week.
create index findings_by_change on findings (workspace_id, changed_at);

-- Notice that a key will be deactivated: given once per finding, withdrawn with the finding or the policy.
create table deactivation_notices (
  workspace_id text not null references workspaces,
  kind text not null,
  key_id text not null references keys,
  given_at timestamptz not null,
  deactivate_at timestamptz not null,
  primary key (workspace_id, kind, key_id),
  check (deactivate_at > given_at)
);
create index deactivation_notices_due on deactivation_notices (workspace_id, kind, deactivate_at);
