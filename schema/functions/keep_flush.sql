-- Stores a flush once, and merges it while little waits. Returns whether so much waits, for so long, that it
-- should be merged.
create or replace function keep_flush(p_counter text, p_name text, p_flush bigint, p_through timestamptz,
  p_last timestamptz, p_is_closed boolean, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[],
  p_keys text[], p_counts bigint[],
  p_source_keys text[], p_source_hours integer[], p_source_networks text[], p_source_clients text[],
  p_source_requests bigint[], p_source_refused bigint[], p_source_refused_scope bigint[],
  p_source_last_ms double precision[], p_recent_keys text[], p_recent_entries text[]) returns boolean
language plpgsql set search_path from current as $$
declare
  kept bigint;
  waiting bigint;
  oldest timestamptz;
begin
  insert into usage_waiting (cells, counter, name, flush, through, last_at, is_closed, names, endpoints, classes,
      buckets, keys, counts, source_keys, source_hours, source_networks, source_clients, source_requests,
      source_refused, source_refused_scope, source_last_ms)
    values (cardinality(p_keys) + cardinality(p_source_keys), p_counter, p_name, p_flush, p_through, p_last,
      p_is_closed, p_names, p_endpoints, p_classes, p_buckets, p_keys, p_counts, p_source_keys, p_source_hours,
      p_source_networks, p_source_clients, p_source_requests, p_source_refused, p_source_refused_scope,
      p_source_last_ms)
    on conflict do nothing returning id into kept;
  -- Checked after the insert, so that a merge this waited for is seen.
  if exists (select from usage_counters where counter = p_counter and flush >= p_flush) then
    delete from usage_waiting where id = kept;
  elsif kept is not null and cardinality(p_recent_keys) > 0 then
    perform add_recent((p_through at time zone 'UTC')::date, p_recent_keys, p_recent_entries);
  end if;
  select sum(cells), min(at) into waiting, oldest from usage_waiting;
  if waiting < 500 then
    perform merge_usage(500, true);
    return false;
  end if;
  return oldest < clock_timestamp() - interval '10 seconds';
end $$;
