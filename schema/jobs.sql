-- One row per job of the timetable. A run holds an expiring claim; its fence number grows with each claim, so
-- that a run which lost its claim cannot record its end.
create table job_runs (
  job text primary key,
  fence bigint not null default 0,
  claimed_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  failed_at timestamptz,
  error text,
  -- When it is due again and how late it may be: a reader needs no timetable for it.
  next_due_at timestamptz,
  late_seconds integer
);
