import type { Knex } from 'knex'

/**
 * How far a finding has got as a number, what people said about it, and the message it shares with others of its
 * kind. Letters say how far the finding had got, may wait for a time of the calendar, and remember since when it is
 * unknown whether they arrived. A letter that is about no finding carries its own words.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table finding_groups (
      id text primary key,
      workspace_id text not null references workspaces,
      kind text not null,
      day date,
      opened_at timestamptz not null
    );
    create unique index finding_groups_one_a_day on finding_groups (workspace_id, kind, day) where day is not null;

    alter table findings
      add column level integer not null default 0,
      add column group_id text references finding_groups,
      add column acknowledged_by text,
      add column acknowledged_at timestamptz,
      add column assigned_to text,
      add column assigned_by text,
      add column snoozed_until timestamptz,
      add column snoozed_by text,
      add column snooze_reason text,
      add check ((acknowledged_by is null) = (acknowledged_at is null)),
      add check ((snoozed_until is null) = (snoozed_by is null));
    create index findings_by_group on findings (group_id) where group_id is not null;
    create index findings_snoozed on findings (snoozed_until) where snoozed_until is not null and resolved_at is null;

    alter table outbox
      alter column finding_id drop not null,
      add column subject_id text,
      add column about text not null default 'finding',
      add column body jsonb,
      add column level integer not null default 0,
      add column not_before timestamptz,
      add column doubt_since timestamptz,
      add column outcome text;
    update outbox set subject_id = finding_id;
    update outbox set outcome = 'arrived' where settled_at is not null;
    alter table outbox
      alter column subject_id set not null,
      add check (finding_id is not null or body is not null),
      add check ((outcome is null) = (settled_at is null));
    create unique index outbox_notices on outbox (about, subject_id, step, destination) where finding_id is null;
    create index outbox_by_subject on outbox (subject_id, destination) where settled_at is null;
    create index outbox_settled on outbox (settled_at) where settled_at is not null;

    alter table alert_messages drop constraint alert_messages_finding_id_fkey;
    alter table alert_messages rename column finding_id to subject_id;

    create index alert_messages_by_destination on alert_messages (destination);

    create table lost_channels (
      workspace_id text not null references workspaces,
      channel text not null,
      since timestamptz not null,
      primary key (workspace_id, channel)
    );
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop table lost_channels;
    drop index alert_messages_by_destination;
    alter table alert_messages rename column subject_id to finding_id;
    alter table alert_messages add foreign key (finding_id) references findings;
    drop index outbox_settled; drop index outbox_by_subject; drop index outbox_notices;
    alter table outbox drop column outcome, drop column doubt_since, drop column not_before, drop column level,
      drop column body, drop column about, drop column subject_id, alter column finding_id set not null;
    drop index findings_snoozed; drop index findings_by_group;
    alter table findings drop column snooze_reason, drop column snoozed_by, drop column snoozed_until,
      drop column assigned_by, drop column assigned_to, drop column acknowledged_at, drop column acknowledged_by,
      drop column group_id, drop column level;
    drop table finding_groups;
  `)
