-- Campaigns: many keys that are rotated together.
create table rotation_campaigns (
  id text primary key,
  workspace_id text not null references workspaces,
  title text not null check (char_length(title) <= 200),
  reason text not null check (reason in ('scheduled', 'compromised', 'leaver', 'scope-change')),
  of_user_id text,
  new_owner_id text,
  started_by text not null,
  started_by_kind text not null,
  started_at timestamptz not null
);

create table rotation_campaign_keys (
  campaign_id text not null references rotation_campaigns,
  key_id text not null references keys,
  outcome text check (outcome in ('started', 'skipped')),
  why text not null default '',
  primary key (campaign_id, key_id)
);
create index rotation_campaign_keys_to_do on rotation_campaign_keys (campaign_id, key_id) where outcome is null;

-- A rotation lasts days: who began it and why, its phase, its end, and the verifiers' receipt. `cut_at` is
-- when the workflow revoked a key of it (the old one, or the new one when it is aborted), and the receipt is
-- the evidence of that.
create table rotations (
  id text primary key,
  workspace_id text not null references workspaces,
  predecessor_id text not null references keys,
  successor_id text not null references keys,
  campaign_id text references rotation_campaigns,
  reason text not null check (reason in ('scheduled', 'compromised', 'leaver', 'scope-change')),
  started_by text not null,
  started_at timestamptz not null,
  due_at timestamptz not null,
  phase text not null check (phase in ('reveal', 'switch', 'silent', 'safe', 'finished', 'aborted')),
  phase_at timestamptz not null,
  used_at timestamptz,
  cut_at timestamptz,
  cut_key_id text references keys,
  confirmed_at timestamptz,
  receipt jsonb,
  ended_at timestamptz,
  ended_by text,
  because text not null default '',
  check ((ended_at is null) = (phase not in ('finished', 'aborted'))),
  check ((cut_at is null) = (cut_key_id is null)),
  check (confirmed_at is null or cut_at is not null),
  check ((confirmed_at is null) = (receipt is null))
);
create unique index rotations_one_open on rotations (predecessor_id) where ended_at is null;
-- Not unique: the new key of a running rotation can be rotated itself, when it is compromised or its owner
-- leaves. When that rotation ends, its successor replaces the key in the first one too.
create index rotations_open_by_successor on rotations (successor_id) where ended_at is null;
create index rotations_open on rotations (workspace_id, started_at) where ended_at is null;
-- For inboxes: those that wait for somebody.
create index rotations_open_by_phase on rotations (workspace_id, phase, phase_at) where ended_at is null;
create index rotations_open_by_deadline on rotations (workspace_id, due_at) where ended_at is null;
create index rotations_to_confirm on rotations (cut_key_id) where cut_at is not null and confirmed_at is null;
create index rotations_by_predecessor on rotations (predecessor_id, started_at);
create index rotations_by_campaign on rotations (campaign_id, id) where campaign_id is not null;
