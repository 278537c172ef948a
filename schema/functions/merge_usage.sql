-- Merges the flushes that have waited longest, about p_max cells; does nothing if another session is merging
-- and p_waits is false. Returns whether more waited when it began; flushes that arrive meanwhile are left to the
-- next call, or it would never end.
create or replace function merge_usage(p_max integer, p_waits boolean) returns boolean
language plpgsql set search_path from current as $$
declare
  taken bigint[];
  is_more boolean;
  all_names text[];
  counted record;
  sourced record;
begin
  if p_waits then
    perform pg_advisory_xact_lock(4711004);
  elsif not pg_try_advisory_xact_lock(4711004) then
    return false;
  end if;
  select array_agg(id) filter (where before < p_max), bool_or(before >= p_max) into taken, is_more
    from (select id, sum(cells) over (order by id) - cells as before from usage_waiting) as waiting;
  if taken is null then return false; end if;
  select array_agg(distinct n) into all_names from usage_waiting w, unnest(w.names) as n where w.id = any(taken);

  with flushes as materialized (
    select w.last_at, w.endpoints, w.classes, w.buckets, w.keys, w.counts,
      (select array_agg(array_position(all_names, own.name) order by own.n)
        from unnest(w.names) with ordinality as own(name, n)) as places
    from usage_waiting w where w.id = any(taken)
  ), merged as materialized (
    select r.key_id, r.bucket, f.places[r.endpoint] as endpoint, r.class, sum(r.requests)::bigint as requests,
      max(f.last_at) as last_at
    from flushes f, unnest(f.keys, f.buckets, f.endpoints, f.classes, f.counts)
      as r(key_id, bucket, endpoint, class, requests)
    group by 1, 2, 3, 4
  )
  select array_agg(key_id) as keys, array_agg(bucket) as buckets, array_agg(endpoint) as endpoints,
    array_agg(class) as classes, array_agg(requests) as counts, array_agg(last_at) as last_at
    into counted from (select * from merged order by key_id, bucket, endpoint, class) as ordered;
  if counted.keys is not null then
    perform add_usage('verify', all_names, counted.endpoints, counted.classes, counted.buckets, counted.keys,
      counted.counts);
    insert into key_usage as u (key_id, requests, first_used_at, last_used_at)
      select r.key_id, sum(r.requests),
        min(greatest(to_timestamp(r.bucket * 300::float8), r.last_at - interval '5 minutes')),
        max(least(to_timestamp(r.bucket * 300::float8 + 300), r.last_at))
      from unnest(counted.keys, counted.counts, counted.buckets, counted.last_at)
        as r(key_id, requests, bucket, last_at)
      group by r.key_id order by r.key_id
      on conflict (key_id) do update set
        requests = u.requests + excluded.requests,
        last_used_at = greatest(u.last_used_at, excluded.last_used_at);
  end if;

  with merged as materialized (
    select r.key_id, r.hour, r.network, r.client, sum(r.requests)::bigint as requests,
      sum(r.refused)::bigint as refused, sum(r.refused_scope)::bigint as refused_scope, max(r.last_ms) as last_ms
    from usage_waiting w, unnest(w.source_keys, w.source_hours, w.source_networks, w.source_clients,
        w.source_requests, w.source_refused, w.source_refused_scope, w.source_last_ms)
      as r(key_id, hour, network, client, requests, refused, refused_scope, last_ms)
    where w.id = any(taken) group by 1, 2, 3, 4
  )
  select array_agg(key_id) as keys, array_agg(hour) as hours, array_agg(network) as networks,
    array_agg(client) as clients, array_agg(requests) as requests, array_agg(refused) as refused,
    array_agg(refused_scope) as refused_scope, array_agg(last_ms) as last_ms
    into sourced from (select * from merged order by key_id, hour, network, client) as ordered;
  if sourced.keys is not null then
    perform add_sources(sourced.keys, sourced.hours, sourced.networks, sourced.clients, sourced.requests,
      sourced.refused, sourced.refused_scope, sourced.last_ms);
  end if;

  insert into usage_counters as c (counter, name, flush, through, is_closed)
    select distinct on (counter) counter, name, flush, through, is_closed from usage_waiting
    where id = any(taken) order by counter, flush desc
    on conflict (counter) do update
      set flush = excluded.flush, through = excluded.through, is_closed = excluded.is_closed;
  delete from usage_waiting where id = any(taken);
  return is_more;
end $$;
