-- The same time of day that many days later on that zone's wall clock, whatever daylight saving does in between.
create or replace function days_after(p_at timestamptz, p_days integer, p_zone text) returns timestamptz
language sql immutable as $$
  select ((p_at at time zone p_zone) + make_interval(days => p_days)) at time zone p_zone
$$;
