-- Counts requests per network and client. Rows come sorted by key, as in add_usage.
create or replace function add_sources(p_keys text[], p_hours integer[], p_networks text[], p_clients text[],
  p_requests bigint[], p_refused bigint[], p_refused_scope bigint[], p_last_ms double precision[]) returns void
language sql set search_path from current as $$
  insert into usage_sources as s (key_id, hour, network, client, requests, refused, refused_scope, last_at)
    select r.key_id, to_timestamp(r.hour * 3600.0), r.network, r.client, r.requests, r.refused, r.refused_scope,
      to_timestamp(r.last_ms / 1000)
    from unnest(p_keys, p_hours, p_networks, p_clients, p_requests, p_refused, p_refused_scope, p_last_ms)
      with ordinality as r(key_id, hour, network, client, requests, refused, refused_scope, last_ms, n)
    order by r.n
  on conflict (key_id, hour, network, client) do update set
    requests = s.requests + excluded.requests, refused = s.refused + excluded.refused,
    refused_scope = s.refused_scope + excluded.refused_scope, last_at = greatest(s.last_at, excluded.last_at)
$$;
