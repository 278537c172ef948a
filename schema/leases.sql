-- The log of the changes that every verifier must apply. Triggers write it at COMMIT, so no code path can
-- forget it; they take the lock exclusively before they draw a number and hold it until the transaction is
-- visible, so that numbers follow the order of commits. One transaction is one change, however many rows it
-- touches.
create sequence change_seq;

create table changes (
  seq bigint primary key,
  at timestamptz not null,
  confirmed_at timestamptz,
  receipt jsonb,
  -- of the act, by which it asks for its receipt; a number can be given twice, this cannot
  request_id text,
  check ((confirmed_at is null) = (receipt is null))
);
create index changes_unconfirmed on changes (seq) where confirmed_at is null;
create index changes_by_request on changes (request_id) where request_id is not null;

create table change_subjects (
  seq bigint not null references changes on delete cascade,
  kind text not null check (kind in ('key', 'workspace', 'account', 'service-token', 'import', 'all')),
  id text not null,
  token_hash bytea not null default '',
  primary key (seq, kind, id, token_hash)
);
create index change_subjects_by_id on change_subjects (kind, id, seq);

create table change_log (
  singleton boolean primary key default true check (singleton),
  pruned_to bigint not null default 0,
  proven_at timestamptz
);
insert into change_log default values;

-- The lengths of leases that were granted of late. The longest is how long a lease can be that the database has forgotten.
create table lease_lengths (
  ttl_ms integer primary key check (ttl_ms > 0),
  granted_at timestamptz not null
);

-- Leases run on real time: the database's own clock serves only to detect skew and to count live verifiers.
create table leases (
  incarnation text primary key,
  name text not null,
  ttl_ms integer not null check (ttl_ms > 0),
  renewals bigint not null,
  head_at_renewal bigint not null,
  acknowledged bigint not null,
  begun_at timestamptz not null,
  renewed_at timestamptz not null
) with (fillfactor = 50);

-- A database may go back in time: a promoted standby that lacks changes, a restored dump, older files, a
-- sequence that starts again. Numbers of changes are then assigned a second time, and an acknowledgement of
-- the old ones must not count for the new ones. So an epoch is bound to a cluster and database, the file of
-- the log of changes, and the start of the server. A clean restart cannot be distinguished from one on
-- older files, so it begins an epoch too.
--
-- Unlogged on purpose: Postgres empties it in crash recovery, on promotion and on restore, which is when
-- leases may have been lost. The first session that finds it empty inserts a ghost lease for all of those,
-- which a change has to wait out like any silent verifier. A verifier that renews an earlier lease begins
-- again with an empty memory.
create unlogged table epoch (
  singleton boolean primary key default true check (singleton),
  id text not null,
  instance text not null
);

-- The columns of a key that a verifier remembers, and whose changes it must apply.
create constraint trigger keys_change after update on keys deferrable initially deferred for each row
  when (old.token_hash is not null and (
    old.token_hash is distinct from new.token_hash or old.workspace_id <> new.workspace_id
    or old.status <> new.status or old.scopes <> new.scopes
    or old.expires_at is distinct from new.expires_at or old.ends_at is distinct from new.ends_at
    or old.allowed_networks <> new.allowed_networks
    or old.limit_per_minute is distinct from new.limit_per_minute))
  execute function key_changed();
create constraint trigger keys_gone after delete on keys deferrable initially deferred for each row
  execute function key_changed();
create trigger keys_emptied after truncate on keys for each statement execute function everything_changed();
-- A token that is imported may have been presented before, and be remembered as unknown.
create constraint trigger keys_import after insert on keys deferrable initially deferred for each row
  when (new.token_hash is not null) execute function key_imported();

create constraint trigger workspaces_change after update on workspaces deferrable initially deferred for each row
  when (old.account_id <> new.account_id or old.suspended_at is distinct from new.suspended_at)
  execute function workspace_changed();

-- Verifiers remember an account with its service tokens, so every change of it concerns them.
create constraint trigger accounts_change after update on accounts deferrable initially deferred for each row
  when (old.* is distinct from new.*) execute function account_changed();

create constraint trigger service_tokens_change after update on service_tokens
  deferrable initially deferred for each row
  when (old.revoked_at is distinct from new.revoked_at or old.account_id <> new.account_id
    or old.token_hash <> new.token_hash)
  execute function service_token_changed();
create constraint trigger service_tokens_gone after delete on service_tokens
  deferrable initially deferred for each row execute function service_token_changed();
create trigger service_tokens_emptied after truncate on service_tokens
  for each statement execute function everything_changed();
