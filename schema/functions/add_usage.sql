-- Counts requests per five minutes, and keeps a copy for the sink if there is one. Rows come sorted by key, so that two flushes never wait for each other in
-- a circle.
create or replace function add_usage(p_source text, p_names text[], p_endpoints integer[], p_classes smallint[],
  p_buckets integer[], p_keys text[], p_counts bigint[]) returns void
language plpgsql set search_path from current as $$
declare
  first timestamptz := to_timestamp((select min(b) from unnest(p_buckets) as b) * 300.0);
  hours timestamptz;
  days timestamptz;
begin
  insert into usage_leaving (source, names, endpoints, classes, buckets, keys, counts)
    select p_source, p_names, p_endpoints, p_classes, p_buckets, p_keys, p_counts
    where cardinality(p_keys) > 0 and exists (select from usage_sinks);
  insert into usage_endpoints (name)
    select wanted.name from unnest(p_names) as wanted(name)
    where not exists (select from usage_endpoints e where e.name = wanted.name)
    order by wanted.name on conflict do nothing;
  perform pg_advisory_xact_lock_shared(4711003);
  select through into hours from usage_rollups where step = 'hour';
  insert into usage_buckets as b (key_id, bucket, endpoint_id, source, class, requests)
    select r.key_id, to_timestamp(r.bucket * 300.0), e.id, p_source, r.class, r.requests
    from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) with ordinality
      as r(endpoint, class, bucket, key_id, requests, n)
    join (select ids.id, names.n from unnest(p_names) with ordinality as names(name, n)
      join usage_endpoints ids on ids.name = names.name) as e on e.n = r.endpoint
    order by r.n
    on conflict (key_id, bucket, endpoint_id, source, class) do update
      set requests = b.requests + excluded.requests;
  if first is null or first >= hours then return; end if;
  select through into days from usage_rollups where step = 'day';
  perform add_late_usage(hours, days, p_source, p_names, p_endpoints, p_classes, p_buckets, p_keys, p_counts);
end $$;
