-- The messages to deliver: one for each (subject, step, destination), put in the transaction that decided on
-- it. A message that is not about a finding has a body of its own.
create table outbox (
  seq bigint generated always as identity primary key,
  id text not null unique,
  workspace_id text not null references workspaces,
  about text not null default 'finding',
  subject_id text not null,
  finding_id text references findings,
  -- how far the finding had escalated
  step text not null,
  level integer not null default 0,
  destination text not null,
  body jsonb,
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
  last_error text,
  completed_at timestamptz,
  outcome text,
  unique (finding_id, step, destination),
  check (finding_id is not null or body is not null),
  check ((outcome is null) = (completed_at is null))
);
create unique index outbox_notices on outbox (about, subject_id, step, destination) where finding_id is null;
create index outbox_waiting on outbox (destination, seq) where completed_at is null;
create index outbox_by_subject on outbox (subject_id, destination) where completed_at is null;
create index outbox_completed on outbox (completed_at) where completed_at is not null;
-- For counting messages refused for good, which keep Slack's error.
create index outbox_refused on outbox (put_at) where outcome = 'refused';
