-- The messages to deliver: one for each (source, item, step, destination), put in the transaction that decided on
-- it. `source` names what knows its content; `subject_id` is the matter whose live message it belongs to.
create table outbox (
  seq bigint generated always as identity primary key,
  id text not null unique,
  workspace_id text not null references workspaces,
  source text not null,
  subject_id text not null,
  -- the part of the subject that it is about; the subject itself if it is about the whole
  item_id text not null,
  step text not null,
  mode text not null check (mode in ('live', 'thread', 'once')),
  -- how far the matter had escalated
  level integer not null default 0,
  destination text not null,
  body jsonb not null default '{}',
  put_at timestamptz not null,
  -- the calendar time that it waits for
  not_before timestamptz,
  attempts integer not null default 0,
  -- how often Slack refused it, apart from its attempts: an outage is no refusal
  refusals integer not null default 0,
  claimed_until timestamptz,
  retry_after timestamptz,
  -- since when it is unknown whether it was delivered
  doubt_since timestamptz,
  -- the message that says this one too, in one sum
  covered_by text,
  last_error text,
  completed_at timestamptz,
  outcome text check (outcome in ('arrived', 'moot', 'redirected', 'unreachable', 'failed')),
  unique (source, item_id, step, destination),
  check ((outcome is null) = (completed_at is null))
);
create index outbox_waiting on outbox (destination, seq) where completed_at is null;
create index outbox_claimed on outbox (destination) where completed_at is null and claimed_until is not null;
create index outbox_by_subject on outbox (subject_id, destination, seq) where completed_at is null;
create index outbox_completed on outbox (completed_at) where completed_at is not null;
-- For showing and sending again what Slack refused for good.
create index outbox_failed on outbox (workspace_id, put_at) where outcome = 'failed';

-- For bringing live messages back to a channel that was lost.
create index outbox_redirected on outbox (workspace_id, destination) where outcome = 'redirected' and mode = 'live';

-- Destinations that Slack asked to leave alone for a while.
create table outbox_pauses (
  destination text primary key,
  until timestamptz not null
);

-- The live message of a subject at a destination, and what it shows.
create table posted_messages (
  source text not null,
  subject_id text not null,
  destination text not null,
  workspace_id text not null references workspaces,
  channel_id text not null,
  ts text not null,
  posted_at timestamptz not null,
  -- The uploaded picture, which an edit of the text keeps without drawing it again.
  picture_id text,
  -- what it shows, for comparing; the figures apart, since they move with traffic
  hash text not null,
  figures text not null default '',
  shown_at timestamptz not null,
  -- how often it was edited, to notice that two processes edit it at once
  edits integer not null default 0,
  -- when it is refreshed for what changes without a message being put; never when null
  refresh_at timestamptz,
  primary key (source, subject_id, destination)
);
create index posted_messages_by_destination on posted_messages (destination);
create index posted_messages_to_refresh on posted_messages (refresh_at) where refresh_at is not null;

-- Channels that take no messages any more.
create table lost_channels (
  workspace_id text not null references workspaces,
  channel text not null,
  since timestamptz not null,
  -- when a live message is sent there again, to find out whether it is back
  probe_after timestamptz not null,
  primary key (workspace_id, channel)
);
