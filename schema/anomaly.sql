-- The state of the detector of unusual use for each key, and until when it is computed. A missing state is
-- rebuilt from usage. Rows are small and updated in place: half of each page stays free for their next
-- versions.
create table anomaly_states (
  key_id text primary key,
  through timestamptz not null,
  -- when a silence that began now would be unusual; moved only once it has passed
  silence_due timestamptz,
  -- to be rebuilt: counts arrived after it had been stepped
  is_doubtful boolean not null default false,
  state bytea not null
) with (fillfactor = 50, toast_tuple_target = 8160);
alter table anomaly_states alter column state set storage main;
create index anomaly_states_by_silence on anomaly_states (silence_due) where silence_due is not null;
create index anomaly_states_doubtful on anomaly_states (key_id) where is_doubtful;

-- Until when every key with requests has been checked, and since when some counter has not flushed
-- everything.
create table anomaly_progress (
  only_row boolean primary key default true check (only_row),
  through timestamptz not null,
  doubt_from timestamptz
);

-- Networks and clients that a key was ever used from, a bounded number for each. Every five minutes the
-- sources of each active key are compared with those known for a day; the time in the index makes that an
-- index-only read.
create table key_sources (
  key_id text not null,
  source text not null,
  first_at timestamptz not null,
  primary key (key_id, source) include (first_at)
);

-- Sources whose client the key did not have until a day ago, inserted as the first of their requests are counted and
-- deleted an hour later. first_at: until when those first requests were counted.
create table fresh_sources (
  key_id text not null,
  hour timestamptz not null,
  network text not null,
  client text not null,
  is_new_network boolean not null,
  first_at timestamptz not null,
  primary key (key_id, hour, network, client)
);
create trigger usage_sources_fresh after insert on usage_sources
  referencing new table as counted for each statement execute function note_new_clients();

-- Fleet events: the use of many keys of a workspace changed at once.
create table fleet_events (
  id text primary key,
  workspace_id text not null references workspaces,
  direction text not null check (direction in ('more', 'less', 'failing')),
  keys integer not null,
  active_keys integer not null,
  began_at timestamptz not null,
  grown_at timestamptz not null,
  over_at timestamptz,
  notified_keys integer not null default 0,
  notified_over boolean not null default false
);
create index fleet_events_to_notify on fleet_events (workspace_id) where not notified_over;
create unique index fleet_events_one_open on fleet_events (workspace_id, direction) where over_at is null;

-- Periods of unusual use, one open for each key. An episode that many keys share belongs to a fleet event and
-- opens no finding of its own, unless stands_alone: it may be a leak, or comes mostly from new sources.
create table anomaly_episodes (
  id bigint generated always as identity primary key,
  key_id text not null references keys,
  workspace_id text not null references workspaces,
  reason text not null,
  severity text not null check (severity in ('notice', 'warning', 'critical')),
  level integer not null default 0,
  facts jsonb not null,
  began_at timestamptz not null,
  declared_at timestamptz not null,
  strange_at timestamptz not null,
  quarantined_at timestamptz,
  fleet_id text references fleet_events,
  -- the event that it left, since it stands alone
  left_fleet_id text references fleet_events,
  stands_alone boolean not null default false,
  over_at timestamptz,
  over_because text check (over_because in ('calm', 'used', 'expected', 'activated', 'fleet', 'ended')),
  over_by text,
  check ((over_at is null) = (over_because is null))
);
create unique index anomaly_episodes_one_open on anomaly_episodes (key_id) where over_at is null;
create index anomaly_episodes_open on anomaly_episodes (workspace_id) where over_at is null;
create index anomaly_episodes_by_key on anomaly_episodes (key_id, began_at);
create index anomaly_episodes_by_fleet on anomaly_episodes (fleet_id) where fleet_id is not null;
create index anomaly_episodes_by_left_fleet on anomaly_episodes (left_fleet_id) where left_fleet_id is not null;
-- For deleting episodes that were over long ago.
create index anomaly_episodes_over on anomaly_episodes (over_at) where over_at is not null;

-- Use that people marked as expected. once: until a moment. monthly: on a day of the month between two
-- minutes of the day, in the workspace's time zone. new-normal: use before from_at no longer counts.
create table anomaly_expectations (
  id text primary key,
  key_id text not null references keys,
  kind text not null check (kind in ('once', 'monthly', 'new-normal')),
  reason text not null,
  from_at timestamptz not null,
  until_at timestamptz,
  day_of_month smallint check (day_of_month between 1 and 31),
  from_minute smallint check (from_minute between 0 and 1439),
  until_minute smallint check (until_minute between 0 and 1439),
  declared_by text not null,
  declared_at timestamptz not null,
  forgotten_by text,
  forgotten_at timestamptz,
  check ((kind = 'once') = (until_at is not null)),
  check ((kind = 'monthly') = (day_of_month is not null and from_minute is not null and until_minute is not null)),
  check ((forgotten_at is null) = (forgotten_by is null))
);
create index anomaly_expectations_by_key on anomaly_expectations (key_id) where forgotten_at is null;
