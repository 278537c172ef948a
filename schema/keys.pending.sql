-- Tokens that were made while nobody knows yet whether Slack showed them. A row goes once Slack says that it did, once the
-- person saved or used the token, or with the token; what is left after some minutes is voided and offered again.
create table pending_reveals (
  key_id text primary key references keys,
  hint text not null,
  revealed_by text not null,
  since timestamptz not null
);
create index pending_reveals_by_age on pending_reveals (since);
