-- Usage that also goes to another store. While a sink is registered, all that add_usage counts is a batch here too, in
-- the same transaction, until the sink has said that it has it: nothing counted is lost on the way. A batch has the same
-- id and the same rows each time it is sent, so that the sink recognises a repetition.
create table usage_sinks (
  name text primary key,
  since timestamptz not null
);

create table usage_leaving (
  seq bigint generated always as identity primary key,
  batch uuid not null default gen_random_uuid(),
  at timestamptz not null default clock_timestamp(),
  source text not null check (source in ('verify', 'outcome')),
  names text[] not null,
  endpoints integer[] not null,
  classes smallint[] not null,
  buckets integer[] not null,
  keys text[] not null,
  counts bigint[] not null
);
