-- The canary: each hour a key of its own, which every verifier judges before and after its end. `stage` is the question
-- that is put to them now.
create table canary_runs (
  id text primary key,
  workspace_id text not null references workspaces,
  key_id text not null references keys,
  began_at timestamptz not null,
  stage text not null check (stage in ('alive', 'ended')),
  finished_at timestamptz,
  outcome text check (outcome in ('good', 'late', 'wrong')),
  -- how many judged it both times as they should, and the faults of the others
  verifiers integer,
  faults jsonb,
  -- from the end of the key to its confirmation, in real milliseconds
  confirmed_ms double precision check (confirmed_ms >= 0),
  check ((finished_at is null) = (outcome is null) and (outcome is null) = (faults is null)
    and (faults is null) = (verifiers is null))
);
create index canary_runs_by_time on canary_runs (workspace_id, began_at);
create index canary_runs_by_age on canary_runs (began_at);
create index canary_runs_under_way on canary_runs (id) where finished_at is null;

-- The verdict of each verifier on the canary, written by its own process.
create table canary_answers (
  run_id text not null references canary_runs on delete cascade,
  stage text not null check (stage in ('alive', 'ended')),
  incarnation text not null,
  verifier text not null,
  -- its verdict; null from one that stops and does not answer any more
  code text,
  primary key (run_id, stage, incarnation)
);
