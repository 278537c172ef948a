-- One row per job of the timetable. A run holds an expiring claim; each claim has a higher fence number, so
-- that a run which lost its claim cannot record its end.
create table job_runs (
  job text primary key,
  fence bigint not null default 0,
  claimed_until timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  failed_at timestamptz,
  error text,
  -- the time of the schedule in Redis whose run ended last, by the machine's clock
  last_slot timestamptz,
  -- when it is due again and how late it may be, for readers without the timetable
  next_due_at timestamptz,
  late_seconds integer
);
