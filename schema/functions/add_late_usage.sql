-- Adds requests that were counted late to the hours and days that are already summed up.
create or replace function add_late_usage(p_hours timestamptz, p_days timestamptz, p_source text, p_names text[],
  p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[]) returns void
language plpgsql set search_path from current as $$
begin
  insert into usage_hours as h (key_id, hour, endpoint_id, source, class, requests)
    select r.key_id, date_bin('1 hour', to_timestamp(r.bucket * 300.0), 'epoch'), e.id, p_source, r.class,
      sum(r.requests)
    from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) as r(endpoint, class, bucket, key_id, requests)
    join usage_endpoints e on e.name = p_names[r.endpoint]
    where to_timestamp(r.bucket * 300.0) < p_hours
    group by 1, 2, 3, 5 order by 1, 2, 3, 5
    on conflict (key_id, hour, endpoint_id, source, class) do update
      set requests = h.requests + excluded.requests;
  insert into usage_days as d (key_id, day, endpoint_id, source, class, requests)
    select r.key_id, date_bin('1 day', to_timestamp(r.bucket * 300.0), 'epoch'), e.id, p_source, r.class,
      sum(r.requests)
    from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) as r(endpoint, class, bucket, key_id, requests)
    join usage_endpoints e on e.name = p_names[r.endpoint]
    where to_timestamp(r.bucket * 300.0) < p_days
    group by 1, 2, 3, 5 order by 1, 2, 3, 5
    on conflict (key_id, day, endpoint_id, source, class) do update
      set requests = d.requests + excluded.requests;
end $$;
