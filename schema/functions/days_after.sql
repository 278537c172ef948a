-- The same time of day p_days later in the time zone p_zone, across daylight saving.
create or replace function days_after(p_at timestamptz, p_days integer, p_zone text) returns timestamptz
language sql immutable as $$
  select ((p_at at time zone p_zone) + make_interval(days => p_days)) at time zone p_zone
$$;
