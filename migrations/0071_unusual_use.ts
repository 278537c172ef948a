import type { Knex } from 'knex'

/**
 * Times in which a key was used unusually, one open at a time for each; what many keys did at once; and what people have
 * said to expect. A time that many keys share belongs to a fleet event and is not told by itself.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table fleet_events (
      id text primary key,
      workspace_id text not null references workspaces,
      direction text not null check (direction in ('more', 'less', 'failing')),
      keys integer not null,
      active_keys integer not null,
      began_at timestamptz not null,
      grown_at timestamptz not null,
      over_at timestamptz,
      told_keys integer not null default 0,
      told_over boolean not null default false
    );
    create index fleet_events_untold on fleet_events (workspace_id) where not told_over;
    create unique index fleet_events_one_open on fleet_events (workspace_id, direction) where over_at is null;

    create table anomaly_episodes (
      id bigint generated always as identity primary key,
      key_id text not null references keys,
      workspace_id text not null references workspaces,
      reason text not null,
      severity text not null check (severity in ('notice', 'warning', 'critical')),
      level integer not null default 0,
      facts jsonb not null,
      began_at timestamptz not null,
      said_at timestamptz not null,
      strange_at timestamptz not null,
      quarantined_at timestamptz,
      fleet_id text references fleet_events,
      over_at timestamptz,
      over_because text check (over_because in ('calm', 'used', 'expected', 'activated', 'fleet', 'ended')),
      over_by text,
      check ((over_at is null) = (over_because is null))
    );
    create unique index anomaly_episodes_one_open on anomaly_episodes (key_id) where over_at is null;
    create index anomaly_episodes_open on anomaly_episodes (workspace_id) where over_at is null;
    create index anomaly_episodes_by_key on anomaly_episodes (key_id, began_at);
    create index anomaly_episodes_by_fleet on anomaly_episodes (fleet_id) where fleet_id is not null;

    -- once: until a moment. monthly: a day of the month and minutes of the day, by the workspace's clock.
    -- new-normal: what was before from_at no longer counts.
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
      said_by text not null,
      said_at timestamptz not null,
      forgotten_by text,
      forgotten_at timestamptz,
      check ((kind = 'once') = (until_at is not null)),
      check ((kind = 'monthly') = (day_of_month is not null and from_minute is not null and until_minute is not null)),
      check ((forgotten_at is null) = (forgotten_by is null))
    );
    create index anomaly_expectations_by_key on anomaly_expectations (key_id) where forgotten_at is null;
  `)

export const down = (knex: Knex) =>
  knex.raw('drop table anomaly_expectations; drop table anomaly_episodes; drop table fleet_events;')
