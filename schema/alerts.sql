-- The parent message of a subject at a destination.
create table alert_messages (
  subject_id text not null,
  destination text not null,
  channel_id text not null,
  ts text not null,
  posted_at timestamptz not null,
  -- The uploaded picture, which an edit of the text keeps without drawing it again.
  picture_id text,
  primary key (subject_id, destination)
);
create index alert_messages_by_destination on alert_messages (destination);

-- Channels that take no messages any more.
create table lost_channels (
  workspace_id text not null references workspaces,
  channel text not null,
  since timestamptz not null,
  primary key (workspace_id, channel)
);
