-- A flush is one row that waits, and is merged into the tables of usage with all that wait beside it: the
-- rows of a busy key, or of one that many verifiers count, are updated every few seconds instead of every
-- second by each. While few cells wait, nothing is gained by waiting, and a flush is merged at once.
--
-- A flush counts once: its number is in this table until it is merged, and from then on it is not above the
-- number in usage_counters; one transaction changes both, and `through`, which covers the merged flushes.
create table usage_waiting (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  cells integer not null,
  counter text not null,
  name text not null,
  flush bigint not null,
  through timestamptz not null,
  last_at timestamptz not null,
  is_closed boolean not null,
  names text[] not null,
  endpoints integer[] not null,
  classes smallint[] not null,
  buckets integer[] not null,
  keys text[] not null,
  counts bigint[] not null,
  source_keys text[] not null,
  source_hours integer[] not null,
  source_networks text[] not null,
  source_clients text[] not null,
  source_requests bigint[] not null,
  source_refused bigint[] not null,
  source_refused_scope bigint[] not null,
  source_last_ms double precision[] not null,
  unique (counter, flush)
);
-- Rows live for seconds: compressing them would cost more than it saves.
alter table usage_waiting
  alter names set storage external, alter endpoints set storage external, alter classes set storage external,
  alter buckets set storage external, alter keys set storage external, alter counts set storage external,
  alter source_keys set storage external, alter source_hours set storage external,
  alter source_networks set storage external, alter source_clients set storage external,
  alter source_requests set storage external, alter source_refused set storage external,
  alter source_refused_scope set storage external, alter source_last_ms set storage external;

-- Until when each counter (one verifier process) has flushed everything.
create table usage_counters (
  counter text primary key,
  name text not null,
  flush bigint not null,
  through timestamptz not null,
  is_closed boolean not null default false
);

-- Batches of outcomes from the platform, each counted once.
create table usage_batches (
  account_id text not null references accounts,
  batch_id text not null check (char_length(batch_id) between 1 and 100),
  at timestamptz not null,
  primary key (account_id, batch_id)
);
create index usage_batches_by_time on usage_batches (at);

create table usage_endpoints (
  id integer generated always as identity primary key,
  name text not null unique check (char_length(name) <= 300)
);

-- Separate from keys, so that counting never touches a key's row, and without a foreign key, so that counting
-- never fails because of one.
create table key_usage (
  key_id text primary key,
  requests bigint not null default 0,
  first_used_at timestamptz not null,
  last_used_at timestamptz not null
) with (fillfactor = 70);

-- Requests per key, endpoint, source, status class and five minutes, then by the hour and by the day; in
-- partitions by time, so that old ones are dropped whole. make_usage_partition adds them; rows without one
-- wait in the default partition.
--
-- The index by time is a BRIN: rows arrive in the order of time, so that it costs nearly nothing to maintain,
-- and rolling up reads only the rows written since.
create table usage_buckets (
  key_id text not null,
  bucket timestamptz not null,
  endpoint_id integer not null,
  source text not null check (source in ('verify', 'outcome')),
  class smallint not null check (class between 1 and 5),
  requests bigint not null,
  primary key (key_id, bucket, endpoint_id, source, class)
) partition by range (bucket);
create table usage_buckets_rest partition of usage_buckets default with (fillfactor = 70);
create index usage_buckets_by_time on usage_buckets using brin (bucket) with (pages_per_range = 16);

create table usage_hours (
  key_id text not null,
  hour timestamptz not null,
  endpoint_id integer not null,
  source text not null,
  class smallint not null,
  requests bigint not null,
  primary key (key_id, hour, endpoint_id, source, class)
) partition by range (hour);
create table usage_hours_rest partition of usage_hours default;
create index usage_hours_by_time on usage_hours using brin (hour) with (pages_per_range = 16);

create table usage_days (
  key_id text not null,
  day timestamptz not null,
  endpoint_id integer not null,
  source text not null,
  class smallint not null,
  requests bigint not null,
  primary key (key_id, day, endpoint_id, source, class)
) partition by range (day);
create table usage_days_rest partition of usage_days default;

-- Everything before `through` of a step is in that step's table. Requests counted later for a time before it
-- are added to all of them at once, so that no sum waits to be corrected. Counting takes a lock shared and
-- rolling up takes it exclusively, which orders the two.
create table usage_rollups (
  step text primary key check (step in ('hour', 'day')),
  through timestamptz not null
);
insert into usage_rollups (step, through) values ('hour', 'epoch'), ('day', 'epoch');

-- The sources of a key's requests, per hour, network and client.
create table usage_sources (
  key_id text not null,
  hour timestamptz not null,
  network text not null,
  client text not null,
  requests bigint not null,
  refused bigint not null,
  refused_scope bigint not null,
  last_at timestamptz not null,
  primary key (key_id, hour, network, client)
) partition by range (hour);
create table usage_sources_rest partition of usage_sources default with (fillfactor = 70);
-- For finding dead keys in use: refusals that were not for a missing scope.
create index usage_sources_refused on usage_sources (hour, key_id) where refused > refused_scope;

-- The hours in which a key had three sources or more, inserted as the third appears.
create table usage_spread (
  hour timestamptz not null,
  key_id text not null,
  primary key (hour, key_id)
);
create trigger usage_sources_spread after insert on usage_sources
  referencing new table as new_sources for each statement execute function note_spread();

-- A key's last 200 requests, the latest first: texts that begin with the time in 13 digits.
create table usage_recent (
  key_id text primary key,
  last_day date not null,
  entries text[] not null
) with (fillfactor = 50);
create index usage_recent_by_day on usage_recent (last_day);
