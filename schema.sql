-- A migrated database as pg_dump of PostgreSQL 15 describes it. Made by: npm run schema

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE FUNCTION public.account_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform log_change('account', old.id, null);
  return null;
end $$;

CREATE FUNCTION public.acknowledge_changes(p_incarnation text, p_seq bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform notice_lost_changes(p_incarnation, p_seq);
  update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
  if not found then return false; end if;
  perform pg_notify('keywarden_acknowledged', p_seq || ' ' || p_incarnation);
  return true;
end $$;

CREATE FUNCTION public.add_late_usage(p_hours timestamp with time zone, p_days timestamp with time zone, p_source text, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.add_recent(p_day date, p_keys text[], p_entries text[]) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into usage_recent as u (key_id, last_day, entries)
    select r.key_id, p_day, string_to_array(r.entries, E'\n')
    from unnest(p_keys, p_entries) with ordinality as r(key_id, entries, n) order by r.n
  on conflict (key_id) do update set
    last_day = greatest(u.last_day, excluded.last_day), entries = newest_entries(u.entries, excluded.entries)
$$;

CREATE FUNCTION public.add_sources(p_keys text[], p_hours integer[], p_networks text[], p_clients text[], p_requests bigint[], p_refused bigint[], p_refused_scope bigint[], p_last_ms double precision[]) RETURNS void
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.add_usage(p_source text, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.audit_append(p_workspace text, p_body text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  head audit_heads;
  parsed jsonb := p_body::jsonb;
  next_hash bytea;
begin
  insert into audit_heads values (p_workspace, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
  select * into head from audit_heads where workspace_id = p_workspace for update;
  -- Over the digest of the text, so that an export can leave the text out and its hash still be computed.
  next_hash := sha256(convert_to(
    E'2\n' || p_workspace || E'\n' || (head.seq + 1) || E'\n' || encode(head.hash, 'hex') || E'\n'
      || encode(sha256(convert_to(p_body, 'UTF8')), 'hex'), 'UTF8'));
  insert into audit_events (workspace_id, seq, at, event, actor_kind, actor_id, key_id, body, previous_hash, hash)
  values (p_workspace, head.seq + 1, (parsed->>'at')::timestamptz, parsed->>'event', parsed#>>'{actor,kind}',
    parsed#>>'{actor,id}', parsed->>'keyId', p_body, head.hash, next_hash);
  update audit_heads set seq = head.seq + 1, hash = next_hash where workspace_id = p_workspace;
  return head.seq + 1;
end $$;

CREATE FUNCTION public.audit_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
  raise exception 'audit events are append-only';
end $$;

CREATE FUNCTION public.change_of_request(p_request text) RETURNS TABLE(seq bigint, epoch_id text, is_lost boolean)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  epoch_id := current_epoch();
  select max(c.seq) into seq from changes c where c.request_id = p_request;
  is_lost := seq is null
    and not exists (select from acts_done d where d.request_id = p_request and not d.is_barred);
  return next;
end $$;

CREATE FUNCTION public.count_refusal(p_workspace text, p_actor text, p_action text, p_code text, p_key text, p_hour timestamp with time zone) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  insert into audit_refusals as r (workspace_id, actor_id, action, code, key_id, hour, attempts)
  values (p_workspace, p_actor, p_action, p_code, p_key, p_hour, 1)
  on conflict (workspace_id, actor_id, action, code, key_id, hour) do update set
    attempts = case when r.summed_up_at is null then r.attempts + 1 else 1 end, summed_up_at = null
  returning attempts
$$;

CREATE FUNCTION public.current_epoch() RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  here text := database_instance();
  found_id text;
begin
  select id into found_id from epoch where instance = here;
  if found then return found_id; end if;
  delete from epoch where instance <> here;
  insert into epoch (id, instance) values (gen_random_uuid(), here)
    on conflict do nothing returning id into found_id;
  if found then
    delete from leases;
    insert into leases (incarnation, name, ttl_ms, renewals, head_at_renewal, acknowledged, begun_at, renewed_at)
    select 'ghost:' || found_id, 'verifiers before the database recovered', max(ttl_ms), 0, -1, -1,
      clock_timestamp(), clock_timestamp()
    from lease_lengths having count(*) > 0;
  else
    select id into found_id from epoch;
  end if;
  return found_id;
end $$;

CREATE FUNCTION public.database_instance() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select concat_ws(' ', (select system_identifier from pg_control_system()),
    (select oid from pg_database where datname = current_database()), pg_relation_filenode('changes'),
    extract(epoch from pg_postmaster_start_time()))
$$;

CREATE FUNCTION public.days_after(p_at timestamp with time zone, p_days integer, p_zone text) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE
    AS $$
  select ((p_at at time zone p_zone) + make_interval(days => p_days)) at time zone p_zone
$$;

CREATE FUNCTION public.drop_usage_partitions(p_parent text, p_before timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  moment text := usage_moment(p_parent);
  before timestamptz := p_before;
  part record;
  dropped integer := 0;
begin
  if p_parent = 'usage_buckets' then
    select least(p_before, through) into before from usage_rollups where step = 'hour';
  elsif p_parent = 'usage_hours' then
    select least(p_before, through) into before from usage_rollups where step = 'day';
  end if;
  for part in
    select c.relname,
      (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''(.*)''\)'))[1]::timestamptz as upto
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = to_regclass(p_parent)
  loop
    if part.upto <= before then
      execute format('drop table %I', part.relname);
      dropped := dropped + 1;
    end if;
  end loop;
  execute format('delete from %I where %I < %L', p_parent || '_rest', moment, before);
  return dropped;
end $$;

CREATE FUNCTION public.everything_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform log_change('all', tg_table_name, null);
  return null;
end $$;

CREATE FUNCTION public.fence_lease(p_incarnation text, p_renewals bigint) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform set_config('synchronous_commit', 'on', true);
  delete from leases where incarnation = p_incarnation and renewals = p_renewals;
  return found;
end $$;

CREATE FUNCTION public.forget_refusals(p_before timestamp with time zone) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
  delete from audit_refusals where hour < p_before and (attempts = 1 or summed_up_at is not null)
$$;

CREATE FUNCTION public.keep_flush(p_counter text, p_name text, p_flush bigint, p_through timestamp with time zone, p_last timestamp with time zone, p_is_closed boolean, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[], p_source_keys text[], p_source_hours integer[], p_source_networks text[], p_source_clients text[], p_source_requests bigint[], p_source_refused bigint[], p_source_refused_scope bigint[], p_source_last_ms double precision[], p_recent_keys text[], p_recent_entries text[]) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.key_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  if old.token_hash is not null then
    perform log_change('key', old.id, old.token_hash);
  end if;
  if tg_op = 'UPDATE' and new.token_hash is distinct from old.token_hash and old.token_hash is not null
    and new.token_hash is not null then
    perform log_change('key', new.id, new.token_hash);
  end if;
  return null;
end $$;

CREATE FUNCTION public.key_imported() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform log_change('import', 'tokens', null);
  return null;
end $$;

CREATE FUNCTION public.log_change(p_kind text, p_id text, p_token_hash bytea) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  current_seq bigint;
begin
  -- Numbers follow the order of commits, so that a reader of a number has read everything before it.
  perform pg_advisory_xact_lock(4711002);
  current_seq := nullif(current_setting('keywarden.change', true), '')::bigint;
  if current_seq is null then
    -- A sequence that was reset would draw a number that verifiers have already read past.
    current_seq := greatest(nextval('change_seq'), newest_change() + 1,
      (select max(greatest(head_at_renewal, acknowledged)) + 1 from leases));
    insert into changes (seq, at, request_id)
    values (current_seq, clock_timestamp(), nullif(current_setting('keywarden.request', true), ''));
    perform set_config('keywarden.change', current_seq::text, true);
    perform set_config('synchronous_commit', 'on', true);
    perform pg_notify('keywarden_changes', current_seq::text);
  end if;
  insert into change_subjects (seq, kind, id, token_hash)
  values (current_seq, p_kind, p_id, coalesce(p_token_hash, '')) on conflict do nothing;
end $$;

CREATE FUNCTION public.make_usage_partition(p_parent text, p_from timestamp with time zone, p_to timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  part text := p_parent || '_' || to_char(p_from at time zone 'UTC', 'YYYYMMDD');
  rest text := p_parent || '_rest';
  moment text := usage_moment(p_parent);
  by_time text;
begin
  if to_regclass(part) is not null then return false; end if;
  -- Its parent first: a query that had the partitions of before would find the rows in none of them.
  execute format('lock table only %I in access exclusive mode', p_parent);
  execute format('lock table %I in access exclusive mode', rest);
  -- Rows that are updated need room for their next version on their own page.
  execute format('create table %I (like %I including defaults including constraints) with (fillfactor = %s)',
    part, p_parent, case when p_parent in ('usage_buckets', 'usage_sources') then 70 else 100 end);
  execute format('with moved as (delete from %I where %I >= %L and %I < %L returning *)
    insert into %I select * from moved', rest, moment, p_from, moment, p_to, part);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)',
    p_parent, part, p_from, p_to);
  for by_time in
    select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
    where i.indrelid = to_regclass(part) and a.amname = 'brin'
  loop
    execute format('alter index %I set (autosummarize = on)', by_time);
  end loop;
  return true;
end $$;

CREATE FUNCTION public.merge_usage(p_max integer, p_waits boolean) RETURNS boolean
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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

CREATE FUNCTION public.newest_change() RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO 'public', 'pg_temp'
    AS $$
  select greatest(log.pruned_to, coalesce((select max(seq) from changes), 0)) from change_log log
$$;

CREATE FUNCTION public.newest_change_of(p_keys text[], p_to text) RETURNS TABLE(seq bigint, epoch_id text, is_unchanged boolean)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  epoch_id := current_epoch();
  select (select max(s.seq) from change_subjects s where s.kind = 'key' and s.id = any(p_keys)),
    exists (select from keys k where k.id = any(p_keys) and case
      when p_to = 'ending' then k.status = 'active' and k.ends_at is null
      when p_to is null then k.status = 'active' and k.ends_at is null
        and not exists (select from change_subjects s where s.kind = 'key' and s.id = k.id)
      else k.status not in (p_to, 'revoked') end)
    into seq, is_unchanged;
  return next;
end $$;

CREATE FUNCTION public.newest_entries(older text[], newer text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE
    AS $$
  select case when newer[cardinality(newer)] collate "C" >= older[1] collate "C" then (newer || older)[1:200]
    else (select array_agg(e order by e collate "C" desc) from
      (select e from unnest(newer || older) as e order by e collate "C" desc limit 200) as latest) end
$$;

CREATE FUNCTION public.note_new_clients() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  insert into fresh_sources (key_id, hour, network, client, is_new_network, first_at)
    select c.key_id, c.hour, c.network, c.client, not exists (select from key_sources s
        where s.key_id = c.key_id and s.source = 'network ' || c.network and s.first_at < c.hour - interval '1 day'), c.last_at
    from counted c
    where c.network not in ('unknown', 'other') and c.client not in ('unknown', 'other')
      and not exists (select from key_sources s
        where s.key_id = c.key_id and s.source = 'client ' || c.client and s.first_at < c.hour - interval '1 day')
      and exists (select from key_sources s where s.key_id = c.key_id and s.first_at <= c.hour - interval '7 days')
    on conflict do nothing;
  return null;
end $$;

CREATE FUNCTION public.note_spread() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  insert into usage_spread (hour, key_id)
    select fresh.hour, fresh.key_id from (select distinct hour, key_id from new_sources) as fresh
    where (select count(*) from (
      select from usage_sources s where s.key_id = fresh.key_id and s.hour = fresh.hour limit 3) as few) = 3
    order by fresh.key_id
    on conflict do nothing;
  return null;
end $$;

CREATE FUNCTION public.notice_lost_changes(p_incarnation text, p_applied bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform current_epoch();
  if p_applied > newest_change() and exists (select from leases where incarnation = p_incarnation) then
    delete from epoch;
    perform current_epoch();
  end if;
end $$;

CREATE FUNCTION public.prune_changes(p_kept_ms double precision, p_max integer) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  upto bigint;
  gone integer;
begin
  -- A length that nobody was granted for as long is forgotten: a long lease of long ago must not cost every recovery.
  update lease_lengths known set granted_at = latest.renewed_at
    from (select ttl_ms, max(renewed_at) as renewed_at from leases where renewals > 0 group by ttl_ms) as latest
    where latest.ttl_ms = known.ttl_ms and latest.renewed_at > known.granted_at;
  delete from lease_lengths
    where granted_at < clock_timestamp() - greatest(p_kept_ms, 2 * ttl_ms) * interval '1 millisecond';
  select max(c.seq) into upto from (select seq, at from changes order by seq limit p_max) as c
    where c.at < clock_timestamp()
        - greatest(p_kept_ms, (select max(ttl_ms) from lease_lengths)) * interval '1 millisecond'
      and c.seq <= coalesce((select min(acknowledged) from leases), c.seq)
      and c.seq < coalesce((select min(seq) from changes where confirmed_at is null), c.seq + 1);
  if upto is null then return 0; end if;
  update change_log set pruned_to = greatest(pruned_to, upto);
  delete from changes where seq <= upto;
  get diagnostics gone = row_count;
  return gone;
end $$;

CREATE FUNCTION public.read_leases() RETURNS TABLE(incarnation text, name text, ttl_ms integer, renewals bigint, head_at_renewal bigint, acknowledged bigint)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform current_epoch();
  return query select l.incarnation, l.name, l.ttl_ms, l.renewals, l.head_at_renewal, l.acknowledged from leases l;
end $$;

CREATE FUNCTION public.renew_lease(p_incarnation text, p_name text, p_ttl_ms integer, p_applied bigint, p_begin boolean) RETURNS TABLE(is_fenced boolean, epoch_id text, head bigint, pruned bigint, database_ms double precision, replicas integer, place integer)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform pg_advisory_xact_lock_shared(4711002);
  perform set_config('synchronous_commit', 'on', true);
  perform notice_lost_changes(p_incarnation, p_applied);
  epoch_id := current_epoch();
  head := newest_change();
  pruned := (select pruned_to from change_log);
  if p_begin then
    -- Verifiers that begin at once need not wait for each other here.
    if not exists (select from lease_lengths
        where ttl_ms = p_ttl_ms and granted_at > clock_timestamp() - interval '1 hour') then
      insert into lease_lengths as known (ttl_ms, granted_at) values (p_ttl_ms, clock_timestamp())
        on conflict (ttl_ms) do update set granted_at = clock_timestamp();
    end if;
    insert into leases (incarnation, name, ttl_ms, renewals, head_at_renewal, acknowledged, begun_at, renewed_at)
    values (p_incarnation, p_name, p_ttl_ms, 1, head, head, clock_timestamp(), clock_timestamp())
    on conflict (incarnation) do update
      set renewals = leases.renewals + 1, head_at_renewal = excluded.head_at_renewal, renewed_at = excluded.renewed_at;
  else
    update leases set renewals = renewals + 1, head_at_renewal = head, renewed_at = clock_timestamp(),
      acknowledged = greatest(acknowledged, p_applied)
    where incarnation = p_incarnation;
  end if;
  is_fenced := not found;
  select count(*), count(*) filter (where incarnation < p_incarnation) into replicas, place
    from leases where renewals > 0 and renewed_at + ttl_ms * interval '1 millisecond' > clock_timestamp();
  database_ms := extract(epoch from clock_timestamp()) * 1000;
  return next;
end $$;

CREATE FUNCTION public.resolve_changes(p_seq bigint, p_epoch text, p_evidence jsonb, p_at text, p_actor jsonb) RETURNS TABLE(seq bigint, confirmed_at timestamp with time zone, receipt jsonb)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  resolved bigint[] := '{}';
begin
  if current_epoch() <> p_epoch then
    raise exception 'the database recovered after the leases were looked at';
  end if;
  for seq, confirmed_at, receipt in
    update changes c set confirmed_at = clock_timestamp(), receipt = p_evidence || jsonb_build_object(
      'tookMs', round(extract(epoch from clock_timestamp() - c.at) * 1000, 1))
    where c.seq <= p_seq and c.confirmed_at is null returning c.seq, c.confirmed_at, c.receipt
  loop
    resolved := resolved || seq;
    return next;
  end loop;
  perform audit_append(touched.workspace_id, json_strip_nulls(json_build_object('at', p_at,
      'event', 'key.change-confirmed', 'actor', p_actor, 'keyId', case when touched.keys = 1 then touched.one end,
      'details', jsonb_build_object('change', touched.seq, 'keys', touched.keys)
        || case when touched.keys > 1 then jsonb_build_object('of', touched.named) else '{}' end || touched.receipt))::text)
    from (select s.seq, k.workspace_id, count(*) as keys, min(k.id) as one,
        -- Enough for what people do at once; a job's largest batches would make an event too long.
        (array_agg(k.id order by k.id))[1:100] as named, min(c.receipt::text)::jsonb as receipt
      from change_subjects s join changes c on c.seq = s.seq join keys k on k.id = s.id
      where s.kind = 'key' and s.seq = any(resolved)
      group by s.seq, k.workspace_id order by k.workspace_id, s.seq) as touched;
end $$;

CREATE FUNCTION public.roll_up_usage(p_step text, p_through timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  since timestamptz;
  written bigint;
begin
  perform pg_advisory_xact_lock(4711003);
  select through into since from usage_rollups where step = p_step for update;
  if since >= p_through then return 0; end if;
  if p_step = 'hour' then
    insert into usage_hours (key_id, hour, endpoint_id, source, class, requests)
      select key_id, date_bin('1 hour', bucket, 'epoch'), endpoint_id, source, class, sum(requests)
      from usage_buckets where bucket >= since and bucket < p_through group by 1, 2, 3, 4, 5;
  else
    if p_through > (select through from usage_rollups where step = 'hour') then
      raise exception 'days are summed up from hours, which are not there yet';
    end if;
    insert into usage_days (key_id, day, endpoint_id, source, class, requests)
      select key_id, date_bin('1 day', hour, 'epoch'), endpoint_id, source, class, sum(requests)
      from usage_hours where hour >= since and hour < p_through group by 1, 2, 3, 4, 5;
  end if;
  get diagnostics written = row_count;
  update usage_rollups set through = p_through where step = p_step;
  return written;
end $$;

CREATE FUNCTION public.service_token_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform log_change('service-token', old.id, old.token_hash);
  return null;
end $$;

CREATE FUNCTION public.sum_up_refusals(p_now timestamp with time zone, p_hour timestamp with time zone, p_limit integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  one audit_refusals;
  summed integer := 0;
begin
  for one in
    select * from audit_refusals where hour < p_hour and summed_up_at is null and attempts > 1
    order by workspace_id, hour limit p_limit for update skip locked
  loop
    update audit_refusals set summed_up_at = p_now
    where (workspace_id, actor_id, action, code, key_id, hour)
      = (one.workspace_id, one.actor_id, one.action, one.code, one.key_id, one.hour);
    perform audit_append(one.workspace_id, (jsonb_strip_nulls(jsonb_build_object(
      'at', to_char(p_now at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'event', 'attempt.repeated',
      'actor', jsonb_build_object('kind', 'member', 'id', one.actor_id),
      'keyId', nullif(one.key_id, ''),
      'details', jsonb_build_object('action', one.action, 'code', one.code,
        'hour', to_char(one.hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'attempts', one.attempts - 1))))::text);
    summed := summed + 1;
  end loop;
  return summed;
end $$;

CREATE FUNCTION public.take_outcomes(p_account text, p_batch text, p_at timestamp with time zone, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[]) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
declare
  known text[];
begin
  insert into usage_batches (account_id, batch_id, at) values (p_account, p_batch, p_at) on conflict do nothing;
  if not found then return null; end if;
  select array_agg(k.id) into known from keys k join workspaces w on w.id = k.workspace_id
    where k.id = any(array(select distinct unnest(p_keys))) and w.account_id = p_account;
  if known is null then return '{}'; end if;
  perform add_usage('outcome', p_names, array_agg(r.endpoint order by r.n), array_agg(r.class order by r.n),
      array_agg(r.bucket order by r.n), array_agg(r.key_id order by r.n), array_agg(r.requests order by r.n))
    from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) with ordinality
      as r(endpoint, class, bucket, key_id, requests, n)
    join unnest(known) as k(id) on k.id = r.key_id;
  return known;
end $$;

CREATE FUNCTION public.usage_moment(p_parent text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    AS $$
begin
  case p_parent
    when 'usage_buckets' then return 'bucket';
    when 'usage_hours', 'usage_sources' then return 'hour';
    when 'usage_days' then return 'day';
    else raise exception '% is no table of usage', p_parent;
  end case;
end $$;

CREATE FUNCTION public.workspace_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  perform log_change('workspace', old.id, null);
  return null;
end $$;

CREATE TABLE public.accounts (
    id text NOT NULL,
    slack_team_id text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    suspended_at timestamp with time zone,
    foreign_tokens boolean DEFAULT false NOT NULL
);

CREATE TABLE public.acts_done (
    request_id text NOT NULL,
    done_at timestamp with time zone NOT NULL,
    is_barred boolean DEFAULT false NOT NULL
);

CREATE TABLE public.anomaly_episodes (
    id bigint NOT NULL,
    key_id text NOT NULL,
    workspace_id text NOT NULL,
    reason text NOT NULL,
    severity text NOT NULL,
    level integer DEFAULT 0 NOT NULL,
    facts jsonb NOT NULL,
    began_at timestamp with time zone NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    strange_at timestamp with time zone NOT NULL,
    quarantined_at timestamp with time zone,
    fleet_id text,
    left_fleet_id text,
    stands_alone boolean DEFAULT false NOT NULL,
    over_at timestamp with time zone,
    over_because text,
    over_by text,
    CONSTRAINT anomaly_episodes_check CHECK (((over_at IS NULL) = (over_because IS NULL))),
    CONSTRAINT anomaly_episodes_over_because_check CHECK ((over_because = ANY (ARRAY['calm'::text, 'used'::text, 'expected'::text, 'activated'::text, 'fleet'::text, 'ended'::text]))),
    CONSTRAINT anomaly_episodes_severity_check CHECK ((severity = ANY (ARRAY['notice'::text, 'warning'::text, 'critical'::text])))
);

ALTER TABLE public.anomaly_episodes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.anomaly_episodes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.anomaly_expectations (
    id text NOT NULL,
    key_id text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    from_at timestamp with time zone NOT NULL,
    until_at timestamp with time zone,
    day_of_month smallint,
    from_minute smallint,
    until_minute smallint,
    declared_by text NOT NULL,
    declared_at timestamp with time zone NOT NULL,
    forgotten_by text,
    forgotten_at timestamp with time zone,
    CONSTRAINT anomaly_expectations_check CHECK (((kind = 'once'::text) = (until_at IS NOT NULL))),
    CONSTRAINT anomaly_expectations_check1 CHECK (((kind = 'monthly'::text) = ((day_of_month IS NOT NULL) AND (from_minute IS NOT NULL) AND (until_minute IS NOT NULL)))),
    CONSTRAINT anomaly_expectations_check2 CHECK (((forgotten_at IS NULL) = (forgotten_by IS NULL))),
    CONSTRAINT anomaly_expectations_day_of_month_check CHECK (((day_of_month >= 1) AND (day_of_month <= 31))),
    CONSTRAINT anomaly_expectations_from_minute_check CHECK (((from_minute >= 0) AND (from_minute <= 1439))),
    CONSTRAINT anomaly_expectations_kind_check CHECK ((kind = ANY (ARRAY['once'::text, 'monthly'::text, 'new-normal'::text]))),
    CONSTRAINT anomaly_expectations_until_minute_check CHECK (((until_minute >= 0) AND (until_minute <= 1439)))
);

CREATE TABLE public.anomaly_progress (
    only_row boolean DEFAULT true NOT NULL,
    through timestamp with time zone NOT NULL,
    doubt_from timestamp with time zone,
    CONSTRAINT anomaly_progress_only_row_check CHECK (only_row)
);

CREATE TABLE public.anomaly_states (
    key_id text NOT NULL,
    through timestamp with time zone NOT NULL,
    silence_due timestamp with time zone,
    is_doubtful boolean DEFAULT false NOT NULL,
    state bytea NOT NULL
)
WITH (fillfactor='50', toast_tuple_target='8160');
ALTER TABLE ONLY public.anomaly_states ALTER COLUMN state SET STORAGE MAIN;

CREATE TABLE public.audit_events (
    workspace_id text NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    key_id text,
    body text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_heads (
    workspace_id text NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_refusals (
    workspace_id text NOT NULL,
    actor_id text NOT NULL,
    action text NOT NULL,
    code text NOT NULL,
    key_id text DEFAULT ''::text NOT NULL,
    hour timestamp with time zone NOT NULL,
    attempts bigint NOT NULL,
    summed_up_at timestamp with time zone
);

CREATE TABLE public.canary_answers (
    run_id text NOT NULL,
    stage text NOT NULL,
    incarnation text NOT NULL,
    verifier text NOT NULL,
    code text,
    CONSTRAINT canary_answers_stage_check CHECK ((stage = ANY (ARRAY['alive'::text, 'ended'::text])))
);

CREATE TABLE public.canary_runs (
    id text NOT NULL,
    workspace_id text NOT NULL,
    key_id text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    stage text NOT NULL,
    finished_at timestamp with time zone,
    outcome text,
    verifiers integer,
    faults jsonb,
    confirmed_ms double precision,
    CONSTRAINT canary_runs_check CHECK ((((finished_at IS NULL) = (outcome IS NULL)) AND ((outcome IS NULL) = (faults IS NULL)) AND ((faults IS NULL) = (verifiers IS NULL)))),
    CONSTRAINT canary_runs_confirmed_ms_check CHECK ((confirmed_ms >= (0)::double precision)),
    CONSTRAINT canary_runs_outcome_check CHECK ((outcome = ANY (ARRAY['good'::text, 'late'::text, 'wrong'::text]))),
    CONSTRAINT canary_runs_stage_check CHECK ((stage = ANY (ARRAY['alive'::text, 'ended'::text])))
);

CREATE TABLE public.change_log (
    singleton boolean DEFAULT true NOT NULL,
    pruned_to bigint DEFAULT 0 NOT NULL,
    proven_at timestamp with time zone,
    CONSTRAINT change_log_singleton_check CHECK (singleton)
);

CREATE SEQUENCE public.change_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.change_subjects (
    seq bigint NOT NULL,
    kind text NOT NULL,
    id text NOT NULL,
    token_hash bytea DEFAULT '\x'::bytea NOT NULL,
    CONSTRAINT change_subjects_kind_check CHECK ((kind = ANY (ARRAY['key'::text, 'workspace'::text, 'account'::text, 'service-token'::text, 'import'::text, 'all'::text])))
);

CREATE TABLE public.changes (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    receipt jsonb,
    request_id text,
    CONSTRAINT changes_check CHECK (((confirmed_at IS NULL) = (receipt IS NULL)))
);

CREATE TABLE public.connections (
    id text NOT NULL,
    account_id text NOT NULL,
    workspace_id text NOT NULL,
    kind text NOT NULL,
    hint text NOT NULL,
    token_hash bytea,
    secret text,
    secret_key_id text,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    revoked_by text,
    CONSTRAINT connections_check CHECK (((kind = 'scim'::text) = (token_hash IS NOT NULL))),
    CONSTRAINT connections_check1 CHECK (((kind = 'webhook'::text) OR (secret IS NULL))),
    CONSTRAINT connections_check2 CHECK (((secret_key_id IS NULL) OR (secret IS NOT NULL))),
    CONSTRAINT connections_check3 CHECK (((revoked_at IS NULL) OR (secret IS NULL))),
    CONSTRAINT connections_kind_check CHECK ((kind = ANY (ARRAY['scim'::text, 'webhook'::text]))),
    CONSTRAINT connections_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.deactivation_notices (
    workspace_id text NOT NULL,
    kind text NOT NULL,
    key_id text NOT NULL,
    given_at timestamp with time zone NOT NULL,
    deactivate_at timestamp with time zone NOT NULL,
    CONSTRAINT deactivation_notices_check CHECK ((deactivate_at > given_at))
);

CREATE TABLE public.departures (
    workspace_id text NOT NULL,
    user_id text NOT NULL,
    left_at timestamp with time zone NOT NULL,
    role text,
    CONSTRAINT departures_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text])))
);

CREATE TABLE public.directory_groups (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    external_id text,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.directory_users (
    id text NOT NULL,
    account_id text NOT NULL,
    user_name text NOT NULL,
    user_name_folded text NOT NULL,
    external_id text,
    slack_user_id text,
    active boolean NOT NULL,
    attributes jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.emails (
    account_id text NOT NULL,
    email text NOT NULL,
    user_id text NOT NULL,
    source text DEFAULT 'slack'::text NOT NULL,
    seen_at timestamp with time zone NOT NULL,
    CONSTRAINT emails_email_check CHECK ((email = lower(email))),
    CONSTRAINT emails_source_check CHECK ((source = ANY (ARRAY['slack'::text, 'shell'::text])))
);

CREATE UNLOGGED TABLE public.epoch (
    singleton boolean DEFAULT true NOT NULL,
    id text NOT NULL,
    instance text NOT NULL,
    CONSTRAINT epoch_singleton_check CHECK (singleton)
);

CREATE TABLE public.finding_groups (
    id text NOT NULL,
    workspace_id text NOT NULL,
    kind text NOT NULL,
    day date,
    opened_at timestamp with time zone NOT NULL
);

CREATE TABLE public.findings (
    id text NOT NULL,
    workspace_id text NOT NULL,
    kind text NOT NULL,
    key_id text NOT NULL,
    step text NOT NULL,
    level integer DEFAULT 0 NOT NULL,
    severity text NOT NULL,
    rank smallint GENERATED ALWAYS AS (
CASE severity
    WHEN 'critical'::text THEN 3
    WHEN 'warning'::text THEN 2
    ELSE 1
END) STORED NOT NULL,
    facts jsonb NOT NULL,
    group_id text,
    left_group_id text,
    opened_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    resolution jsonb,
    acknowledged_by text,
    acknowledged_at timestamp with time zone,
    assigned_to text,
    assigned_by text,
    snoozed_until timestamp with time zone,
    snoozed_by text,
    snooze_reason text,
    CONSTRAINT findings_check CHECK (((resolved_at IS NULL) = (resolution IS NULL))),
    CONSTRAINT findings_check1 CHECK (((acknowledged_by IS NULL) = (acknowledged_at IS NULL))),
    CONSTRAINT findings_check2 CHECK (((assigned_to IS NULL) = (assigned_by IS NULL))),
    CONSTRAINT findings_check3 CHECK (((acknowledged_by IS NULL) OR (assigned_to IS NULL))),
    CONSTRAINT findings_check4 CHECK (((snoozed_until IS NULL) = (snoozed_by IS NULL))),
    CONSTRAINT findings_severity_check CHECK ((severity = ANY (ARRAY['notice'::text, 'warning'::text, 'critical'::text])))
);

CREATE TABLE public.fleet_events (
    id text NOT NULL,
    workspace_id text NOT NULL,
    direction text NOT NULL,
    keys integer NOT NULL,
    active_keys integer NOT NULL,
    began_at timestamp with time zone NOT NULL,
    grown_at timestamp with time zone NOT NULL,
    over_at timestamp with time zone,
    notified_keys integer DEFAULT 0 NOT NULL,
    notified_over boolean DEFAULT false NOT NULL,
    CONSTRAINT fleet_events_direction_check CHECK ((direction = ANY (ARRAY['more'::text, 'less'::text, 'failing'::text])))
);

CREATE TABLE public.fresh_sources (
    key_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    network text NOT NULL,
    client text NOT NULL,
    is_new_network boolean NOT NULL,
    first_at timestamp with time zone NOT NULL
);

CREATE TABLE public.function_versions (
    seq bigint NOT NULL,
    name text NOT NULL,
    hash text NOT NULL
);

ALTER TABLE public.function_versions ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.function_versions_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.group_members (
    workspace_id text NOT NULL,
    group_id text NOT NULL,
    user_id text NOT NULL
);

CREATE TABLE public.group_roles (
    workspace_id text NOT NULL,
    group_id text NOT NULL,
    role text NOT NULL,
    set_at timestamp with time zone NOT NULL,
    CONSTRAINT group_roles_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text])))
);

CREATE TABLE public.job_runs (
    job text NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    claimed_until timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    failed_at timestamp with time zone,
    error text,
    last_slot timestamp with time zone,
    next_due_at timestamp with time zone,
    late_seconds integer
);

CREATE TABLE public.key_holders (
    key_id text NOT NULL,
    user_id text NOT NULL,
    since timestamp with time zone NOT NULL,
    added_by text NOT NULL,
    why text NOT NULL,
    CONSTRAINT key_holders_why_check CHECK ((char_length(why) <= 300))
);

CREATE TABLE public.key_offers (
    key_id text NOT NULL,
    owner_id text NOT NULL,
    matter_id text NOT NULL,
    because text NOT NULL,
    by text NOT NULL,
    CONSTRAINT key_offers_because_check CHECK ((because = ANY (ARRAY['rotation'::text, 'leaver'::text, 'made'::text, 'given'::text, 'void'::text])))
);

CREATE TABLE public.key_requests (
    id text NOT NULL,
    workspace_id text NOT NULL,
    draft jsonb NOT NULL,
    reason text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    state text NOT NULL,
    decided_by text,
    decided_at timestamp with time zone,
    decision_reason text,
    key_id text,
    closed_for text,
    granted jsonb,
    CONSTRAINT key_requests_check CHECK (((state = 'waiting'::text) = (decided_by IS NULL))),
    CONSTRAINT key_requests_check1 CHECK (((decided_by IS NULL) OR ((decided_by = requested_by) = (state = 'withdrawn'::text)))),
    CONSTRAINT key_requests_check2 CHECK (((state = 'approved'::text) = (key_id IS NOT NULL))),
    CONSTRAINT key_requests_check3 CHECK (((state = 'closed'::text) = (closed_for IS NOT NULL))),
    CONSTRAINT key_requests_check4 CHECK (((granted IS NULL) OR (state = 'approved'::text))),
    CONSTRAINT key_requests_reason_check CHECK (((char_length(reason) >= 1) AND (char_length(reason) <= 300))),
    CONSTRAINT key_requests_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'approved'::text, 'denied'::text, 'closed'::text, 'withdrawn'::text, 'lapsed'::text])))
);

CREATE TABLE public.key_sources (
    key_id text NOT NULL,
    source text NOT NULL,
    first_at timestamp with time zone NOT NULL
);

CREATE TABLE public.key_usage (
    key_id text NOT NULL,
    requests bigint DEFAULT 0 NOT NULL,
    first_used_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.keys (
    id text NOT NULL,
    workspace_id text NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    integration text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    owner_id text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    scopes text[] NOT NULL,
    allowed_networks text[] DEFAULT '{}'::text[] NOT NULL,
    limit_per_minute integer,
    hint text,
    token_hash bytea,
    revealed_by text,
    revealed_at timestamp with time zone,
    saved_at timestamp with time zone,
    status text NOT NULL,
    status_changed_at timestamp with time zone NOT NULL,
    status_changed_by text NOT NULL,
    lifetime_days integer,
    expires_at timestamp with time zone,
    ends_at timestamp with time zone,
    works_until timestamp with time zone GENERATED ALWAYS AS (LEAST(expires_at, ends_at)) STORED,
    predecessor_id text,
    successor_id text,
    used_by_then timestamp with time zone,
    needed_at timestamp with time zone,
    needed_by text,
    quiet_since timestamp with time zone GENERATED ALWAYS AS (GREATEST(status_changed_at, used_by_then, needed_at)) STORED NOT NULL,
    found_by text GENERATED ALWAYS AS (((((((name_folded || ' '::text) || lower(integration)) || ' '::text) || lower(description)) || ' '::text) || lower(COALESCE(hint, ''::text)))) STORED NOT NULL,
    CONSTRAINT keys_allowed_networks_check CHECK ((cardinality(allowed_networks) <= 50)),
    CONSTRAINT keys_check CHECK (((status <> 'unrevealed'::text) OR ((token_hash IS NULL) AND (hint IS NULL) AND (expires_at IS NULL)))),
    CONSTRAINT keys_check1 CHECK (((status <> ALL (ARRAY['active'::text, 'inactive'::text])) OR ((token_hash IS NOT NULL) AND (hint IS NOT NULL)))),
    CONSTRAINT keys_check2 CHECK (((needed_at IS NULL) = (needed_by IS NULL))),
    CONSTRAINT keys_description_check CHECK ((char_length(description) <= 300)),
    CONSTRAINT keys_integration_check CHECK ((char_length(integration) <= 80)),
    CONSTRAINT keys_lifetime_days_check CHECK ((lifetime_days > 0)),
    CONSTRAINT keys_limit_per_minute_check CHECK ((limit_per_minute > 0)),
    CONSTRAINT keys_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT keys_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['read'::text, 'write'::text, 'conversations'::text, 'agents'::text, 'analytics'::text]))),
    CONSTRAINT keys_status_check CHECK ((status = ANY (ARRAY['unrevealed'::text, 'active'::text, 'inactive'::text, 'revoked'::text]))),
    CONSTRAINT keys_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.leak_reports (
    id text NOT NULL,
    account_id text NOT NULL,
    reporter text NOT NULL,
    reference text NOT NULL,
    evidence text NOT NULL,
    content_hash bytea,
    reported_at timestamp with time zone NOT NULL,
    CONSTRAINT leak_reports_content_hash_check CHECK ((length(content_hash) = 32)),
    CONSTRAINT leak_reports_evidence_check CHECK ((evidence = ANY (ARRAY['person'::text, 'scanner'::text, 'pasted'::text]))),
    CONSTRAINT leak_reports_reference_check CHECK (((char_length(reference) >= 1) AND (char_length(reference) <= 200)))
);

CREATE TABLE public.leaks (
    report_id text NOT NULL,
    key_id text NOT NULL,
    workspace_id text NOT NULL,
    token_hash bytea NOT NULL,
    is_whole boolean NOT NULL,
    found_at text DEFAULT ''::text NOT NULL,
    reported_at timestamp with time zone NOT NULL,
    action text NOT NULL,
    acted_at timestamp with time zone,
    did text,
    receipt jsonb,
    CONSTRAINT leaks_action_check CHECK ((action = ANY (ARRAY['notify'::text, 'quarantine'::text, 'rotate'::text, 'revoke'::text]))),
    CONSTRAINT leaks_check CHECK (((did IS NULL) OR (acted_at IS NOT NULL))),
    CONSTRAINT leaks_check1 CHECK (((receipt IS NULL) OR (did IS NOT NULL))),
    CONSTRAINT leaks_did_check CHECK ((did = ANY (ARRAY['quarantine'::text, 'rotate'::text, 'revoke'::text]))),
    CONSTRAINT leaks_found_at_check CHECK ((char_length(found_at) <= 300))
);

CREATE TABLE public.lease_lengths (
    ttl_ms integer NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    CONSTRAINT lease_lengths_ttl_ms_check CHECK ((ttl_ms > 0))
);

CREATE TABLE public.leases (
    incarnation text NOT NULL,
    name text NOT NULL,
    ttl_ms integer NOT NULL,
    renewals bigint NOT NULL,
    head_at_renewal bigint NOT NULL,
    acknowledged bigint NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    renewed_at timestamp with time zone NOT NULL,
    CONSTRAINT leases_ttl_ms_check CHECK ((ttl_ms > 0))
)
WITH (fillfactor='50');

CREATE TABLE public.lost_channels (
    workspace_id text NOT NULL,
    channel text NOT NULL,
    since timestamp with time zone NOT NULL,
    probe_after timestamp with time zone NOT NULL
);

CREATE TABLE public.members (
    workspace_id text NOT NULL,
    user_id text NOT NULL,
    role text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    left_at timestamp with time zone,
    CONSTRAINT members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'manager'::text, 'member'::text])))
);

CREATE TABLE public.offboarding_keys (
    offboarding_id text NOT NULL,
    key_id text NOT NULL,
    workspace_id text NOT NULL,
    reasons text[] NOT NULL,
    busy boolean NOT NULL,
    plan text NOT NULL,
    outcome text,
    why text DEFAULT ''::text NOT NULL,
    owner_before text NOT NULL,
    owner_after text,
    successor_key_id text,
    ends_at timestamp with time zone,
    acted_at timestamp with time zone,
    confirmed_at timestamp with time zone,
    receipt jsonb,
    undone_at timestamp with time zone,
    CONSTRAINT offboarding_keys_check CHECK (((outcome IS NULL) = (acted_at IS NULL))),
    CONSTRAINT offboarding_keys_outcome_check CHECK ((outcome = ANY (ARRAY['revoked'::text, 'deactivated'::text, 'rotating'::text, 'handed-over'::text, 'kept'::text, 'refused-already'::text, 'failed'::text]))),
    CONSTRAINT offboarding_keys_plan_check CHECK ((plan = ANY (ARRAY['revoke'::text, 'deactivate'::text, 'rotate'::text, 'hand-over'::text, 'keep'::text])))
);

CREATE TABLE public.offboarding_requests (
    offboarding_id text NOT NULL,
    source text NOT NULL,
    reference text DEFAULT ''::text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    ignored_mode text,
    ignored_successor text,
    withdrawn_at timestamp with time zone,
    CONSTRAINT offboarding_requests_ignored_mode_check CHECK ((ignored_mode = ANY (ARRAY['by-use'::text, 'revoke'::text, 'deactivate'::text, 'rotate'::text]))),
    CONSTRAINT offboarding_requests_source_check CHECK ((source = ANY (ARRAY['slack'::text, 'workflow'::text, 'user-change'::text, 'scim'::text, 'webhook'::text, 'shell'::text, 'reconcile'::text])))
);

CREATE TABLE public.offboardings (
    id text NOT NULL,
    account_id text NOT NULL,
    workspace_id text NOT NULL,
    user_id text,
    email text,
    also_by text[] DEFAULT '{}'::text[] NOT NULL,
    mode text NOT NULL,
    successor_id text,
    note text DEFAULT ''::text NOT NULL,
    choices jsonb DEFAULT '{}'::jsonb NOT NULL,
    decides_in text[] DEFAULT '{}'::text[] NOT NULL,
    keeps_role_in text[] DEFAULT '{}'::text[] NOT NULL,
    last_owner_of text[] DEFAULT '{}'::text[] NOT NULL,
    state text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    ended_at timestamp with time zone,
    ended_because text,
    message_id text,
    message_at timestamp with time zone,
    announced boolean DEFAULT true NOT NULL,
    CONSTRAINT offboardings_check CHECK (((user_id IS NOT NULL) OR (email IS NOT NULL))),
    CONSTRAINT offboardings_check1 CHECK (((user_id IS NULL) = (state = 'unmatched'::text))),
    CONSTRAINT offboardings_check2 CHECK (((state = 'done'::text) = (done_at IS NOT NULL))),
    CONSTRAINT offboardings_check3 CHECK (((ended_at IS NULL) = (ended_because IS NULL))),
    CONSTRAINT offboardings_check4 CHECK (((message_id IS NULL) = (message_at IS NULL))),
    CONSTRAINT offboardings_ended_because_check CHECK ((ended_because = ANY (ARRAY['undone'::text, 'returned'::text, 'merged'::text]))),
    CONSTRAINT offboardings_mode_check CHECK ((mode = ANY (ARRAY['by-use'::text, 'revoke'::text, 'deactivate'::text, 'rotate'::text]))),
    CONSTRAINT offboardings_note_check CHECK ((char_length(note) <= 300)),
    CONSTRAINT offboardings_state_check CHECK ((state = ANY (ARRAY['unmatched'::text, 'requested'::text, 'acting'::text, 'confirming'::text, 'done'::text])))
);

CREATE TABLE public.outbox (
    seq bigint NOT NULL,
    id text NOT NULL,
    workspace_id text NOT NULL,
    source text NOT NULL,
    subject_id text NOT NULL,
    item_id text NOT NULL,
    step text NOT NULL,
    mode text NOT NULL,
    level integer DEFAULT 0 NOT NULL,
    destination text NOT NULL,
    body jsonb DEFAULT '{}'::jsonb NOT NULL,
    put_at timestamp with time zone NOT NULL,
    not_before timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    refusals integer DEFAULT 0 NOT NULL,
    claimed_until timestamp with time zone,
    retry_after timestamp with time zone,
    doubt_since timestamp with time zone,
    covered_by text,
    last_error text,
    completed_at timestamp with time zone,
    outcome text,
    CONSTRAINT outbox_check CHECK (((outcome IS NULL) = (completed_at IS NULL))),
    CONSTRAINT outbox_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'thread'::text, 'once'::text]))),
    CONSTRAINT outbox_outcome_check CHECK ((outcome = ANY (ARRAY['arrived'::text, 'moot'::text, 'redirected'::text, 'unreachable'::text, 'failed'::text])))
);

CREATE TABLE public.outbox_pauses (
    destination text NOT NULL,
    until timestamp with time zone NOT NULL
);

ALTER TABLE public.outbox ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pending_reveals (
    key_id text NOT NULL,
    hint text NOT NULL,
    revealed_by text NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.posted_messages (
    source text NOT NULL,
    subject_id text NOT NULL,
    destination text NOT NULL,
    workspace_id text NOT NULL,
    channel_id text NOT NULL,
    ts text NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    picture_id text,
    hash text NOT NULL,
    figures text DEFAULT ''::text NOT NULL,
    shown_at timestamp with time zone NOT NULL,
    edits integer DEFAULT 0 NOT NULL,
    refresh_at timestamp with time zone,
    picture_shows text,
    item_id text,
    body jsonb
);

CREATE TABLE public.preferences (
    account_id text NOT NULL,
    user_id text NOT NULL,
    workspace_id text,
    home_seen_at timestamp with time zone,
    home_shows text DEFAULT 'mine'::text NOT NULL,
    CONSTRAINT preferences_home_shows_check CHECK ((home_shows = ANY (ARRAY['mine'::text, 'all'::text])))
);

CREATE TABLE public.review_keys (
    review_id text NOT NULL,
    key_id text NOT NULL,
    answer_by timestamp with time zone NOT NULL,
    unneeded_at timestamp with time zone,
    unneeded_by text,
    closed_at timestamp with time zone,
    CONSTRAINT review_keys_check CHECK (((unneeded_at IS NULL) = (unneeded_by IS NULL)))
);

CREATE TABLE public.reviews (
    id text NOT NULL,
    workspace_id text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    begun_by text NOT NULL,
    answer_by timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT reviews_check CHECK ((answer_by > begun_at))
);

CREATE TABLE public.rotation_campaign_keys (
    campaign_id text NOT NULL,
    key_id text NOT NULL,
    outcome text,
    why text DEFAULT ''::text NOT NULL,
    CONSTRAINT rotation_campaign_keys_outcome_check CHECK ((outcome = ANY (ARRAY['started'::text, 'skipped'::text])))
);

CREATE TABLE public.rotation_campaigns (
    id text NOT NULL,
    workspace_id text NOT NULL,
    title text NOT NULL,
    reason text NOT NULL,
    of_user_id text,
    new_owner_id text,
    started_by text NOT NULL,
    started_by_kind text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    CONSTRAINT rotation_campaigns_reason_check CHECK ((reason = ANY (ARRAY['scheduled'::text, 'compromised'::text, 'leaver'::text, 'scope-change'::text]))),
    CONSTRAINT rotation_campaigns_title_check CHECK ((char_length(title) <= 200))
);

CREATE TABLE public.rotations (
    id text NOT NULL,
    workspace_id text NOT NULL,
    predecessor_id text NOT NULL,
    successor_id text NOT NULL,
    campaign_id text,
    reason text NOT NULL,
    started_by text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    phase text NOT NULL,
    phase_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    cut_at timestamp with time zone,
    cut_key_id text,
    confirmed_at timestamp with time zone,
    receipt jsonb,
    ended_at timestamp with time zone,
    ended_by text,
    because text DEFAULT ''::text NOT NULL,
    CONSTRAINT rotations_check CHECK (((ended_at IS NULL) = (phase <> ALL (ARRAY['finished'::text, 'aborted'::text])))),
    CONSTRAINT rotations_check1 CHECK (((cut_at IS NULL) = (cut_key_id IS NULL))),
    CONSTRAINT rotations_check2 CHECK (((confirmed_at IS NULL) OR (cut_at IS NOT NULL))),
    CONSTRAINT rotations_check3 CHECK (((confirmed_at IS NULL) = (receipt IS NULL))),
    CONSTRAINT rotations_phase_check CHECK ((phase = ANY (ARRAY['reveal'::text, 'switch'::text, 'silent'::text, 'safe'::text, 'finished'::text, 'aborted'::text]))),
    CONSTRAINT rotations_reason_check CHECK ((reason = ANY (ARRAY['scheduled'::text, 'compromised'::text, 'leaver'::text, 'scope-change'::text])))
);

CREATE TABLE public.service_tokens (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    hint text NOT NULL,
    token_hash bytea NOT NULL,
    may text DEFAULT 'verify'::text NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT service_tokens_may_check CHECK ((may = ANY (ARRAY['verify'::text, 'leaks'::text]))),
    CONSTRAINT service_tokens_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80))),
    CONSTRAINT service_tokens_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.slack_users (
    account_id text NOT NULL,
    user_id text NOT NULL,
    updated bigint NOT NULL,
    is_out boolean NOT NULL
);

CREATE TABLE public.token_messages (
    channel_id text NOT NULL,
    ts text NOT NULL,
    key_id text NOT NULL,
    hint text NOT NULL,
    posted_at timestamp with time zone NOT NULL
);

CREATE TABLE public.usage_batches (
    account_id text NOT NULL,
    batch_id text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT usage_batches_batch_id_check CHECK (((char_length(batch_id) >= 1) AND (char_length(batch_id) <= 100)))
);

CREATE TABLE public.usage_buckets (
    key_id text NOT NULL,
    bucket timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL,
    CONSTRAINT usage_buckets_class_check CHECK (((class >= 1) AND (class <= 5))),
    CONSTRAINT usage_buckets_source_check CHECK ((source = ANY (ARRAY['verify'::text, 'outcome'::text])))
)
PARTITION BY RANGE (bucket);

CREATE TABLE public.usage_buckets_rest (
    key_id text NOT NULL,
    bucket timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL,
    CONSTRAINT usage_buckets_class_check CHECK (((class >= 1) AND (class <= 5))),
    CONSTRAINT usage_buckets_source_check CHECK ((source = ANY (ARRAY['verify'::text, 'outcome'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.usage_counters (
    counter text NOT NULL,
    name text NOT NULL,
    flush bigint NOT NULL,
    through timestamp with time zone NOT NULL,
    is_closed boolean DEFAULT false NOT NULL
);

CREATE TABLE public.usage_days (
    key_id text NOT NULL,
    day timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE public.usage_days_rest (
    key_id text NOT NULL,
    day timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL
);

CREATE TABLE public.usage_endpoints (
    id integer NOT NULL,
    name text NOT NULL,
    CONSTRAINT usage_endpoints_name_check CHECK ((char_length(name) <= 300))
);

ALTER TABLE public.usage_endpoints ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.usage_endpoints_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.usage_hours (
    key_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL
)
PARTITION BY RANGE (hour);

CREATE TABLE public.usage_hours_rest (
    key_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    endpoint_id integer NOT NULL,
    source text NOT NULL,
    class smallint NOT NULL,
    requests bigint NOT NULL
);

CREATE TABLE public.usage_leaving (
    seq bigint NOT NULL,
    batch uuid DEFAULT gen_random_uuid() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    source text NOT NULL,
    names text[] NOT NULL,
    endpoints integer[] NOT NULL,
    classes smallint[] NOT NULL,
    buckets integer[] NOT NULL,
    keys text[] NOT NULL,
    counts bigint[] NOT NULL,
    CONSTRAINT usage_leaving_source_check CHECK ((source = ANY (ARRAY['verify'::text, 'outcome'::text])))
);

ALTER TABLE public.usage_leaving ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.usage_leaving_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.usage_panels (
    user_id text NOT NULL,
    subject_id text NOT NULL,
    channel_id text NOT NULL,
    ts text NOT NULL,
    shown_at timestamp with time zone NOT NULL
);

CREATE TABLE public.usage_recent (
    key_id text NOT NULL,
    last_day date NOT NULL,
    entries text[] NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.usage_rollups (
    step text NOT NULL,
    through timestamp with time zone NOT NULL,
    CONSTRAINT usage_rollups_step_check CHECK ((step = ANY (ARRAY['hour'::text, 'day'::text])))
);

CREATE TABLE public.usage_sinks (
    name text NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.usage_sources (
    key_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    network text NOT NULL,
    client text NOT NULL,
    requests bigint NOT NULL,
    refused bigint NOT NULL,
    refused_scope bigint NOT NULL,
    last_at timestamp with time zone NOT NULL
)
PARTITION BY RANGE (hour);

CREATE TABLE public.usage_sources_rest (
    key_id text NOT NULL,
    hour timestamp with time zone NOT NULL,
    network text NOT NULL,
    client text NOT NULL,
    requests bigint NOT NULL,
    refused bigint NOT NULL,
    refused_scope bigint NOT NULL,
    last_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE public.usage_spread (
    hour timestamp with time zone NOT NULL,
    key_id text NOT NULL
);

CREATE TABLE public.usage_waiting (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    cells integer NOT NULL,
    counter text NOT NULL,
    name text NOT NULL,
    flush bigint NOT NULL,
    through timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    is_closed boolean NOT NULL,
    names text[] NOT NULL,
    endpoints integer[] NOT NULL,
    classes smallint[] NOT NULL,
    buckets integer[] NOT NULL,
    keys text[] NOT NULL,
    counts bigint[] NOT NULL,
    source_keys text[] NOT NULL,
    source_hours integer[] NOT NULL,
    source_networks text[] NOT NULL,
    source_clients text[] NOT NULL,
    source_requests bigint[] NOT NULL,
    source_refused bigint[] NOT NULL,
    source_refused_scope bigint[] NOT NULL,
    source_last_ms double precision[] NOT NULL
);
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN names SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN endpoints SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN classes SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN buckets SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN keys SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN counts SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_keys SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_hours SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_networks SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_clients SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_requests SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_refused SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_refused_scope SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.usage_waiting ALTER COLUMN source_last_ms SET STORAGE EXTERNAL;

ALTER TABLE public.usage_waiting ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.usage_waiting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.webhook_deliveries (
    connection_id text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash bytea NOT NULL,
    signature bytea NOT NULL,
    offboarding_id text NOT NULL,
    received_at timestamp with time zone NOT NULL
);

CREATE TABLE public.workspaces (
    id text NOT NULL,
    account_id text NOT NULL,
    name text NOT NULL,
    name_folded text NOT NULL,
    policy jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    suspended_at timestamp with time zone,
    CONSTRAINT workspaces_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 80)))
);

ALTER TABLE ONLY public.usage_buckets ATTACH PARTITION public.usage_buckets_rest DEFAULT;

ALTER TABLE ONLY public.usage_days ATTACH PARTITION public.usage_days_rest DEFAULT;

ALTER TABLE ONLY public.usage_hours ATTACH PARTITION public.usage_hours_rest DEFAULT;

ALTER TABLE ONLY public.usage_sources ATTACH PARTITION public.usage_sources_rest DEFAULT;

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_slack_team_id_key UNIQUE (slack_team_id);

ALTER TABLE ONLY public.acts_done
    ADD CONSTRAINT acts_done_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY public.anomaly_episodes
    ADD CONSTRAINT anomaly_episodes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.anomaly_expectations
    ADD CONSTRAINT anomaly_expectations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.anomaly_progress
    ADD CONSTRAINT anomaly_progress_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.anomaly_states
    ADD CONSTRAINT anomaly_states_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (workspace_id, seq);

ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT audit_heads_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY public.audit_refusals
    ADD CONSTRAINT audit_refusals_pkey PRIMARY KEY (workspace_id, actor_id, action, code, key_id, hour);

ALTER TABLE ONLY public.canary_answers
    ADD CONSTRAINT canary_answers_pkey PRIMARY KEY (run_id, stage, incarnation);

ALTER TABLE ONLY public.canary_runs
    ADD CONSTRAINT canary_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.change_log
    ADD CONSTRAINT change_log_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.change_subjects
    ADD CONSTRAINT change_subjects_pkey PRIMARY KEY (seq, kind, id, token_hash);

ALTER TABLE ONLY public.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.deactivation_notices
    ADD CONSTRAINT deactivation_notices_pkey PRIMARY KEY (workspace_id, kind, key_id);

ALTER TABLE ONLY public.departures
    ADD CONSTRAINT departures_pkey PRIMARY KEY (workspace_id, user_id);

ALTER TABLE ONLY public.directory_groups
    ADD CONSTRAINT directory_groups_account_id_name_folded_key UNIQUE (account_id, name_folded);

ALTER TABLE ONLY public.directory_groups
    ADD CONSTRAINT directory_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.directory_users
    ADD CONSTRAINT directory_users_account_id_user_name_folded_key UNIQUE (account_id, user_name_folded);

ALTER TABLE ONLY public.directory_users
    ADD CONSTRAINT directory_users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.emails
    ADD CONSTRAINT emails_pkey PRIMARY KEY (account_id, email);

ALTER TABLE ONLY public.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (singleton);

ALTER TABLE ONLY public.finding_groups
    ADD CONSTRAINT finding_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fleet_events
    ADD CONSTRAINT fleet_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.fresh_sources
    ADD CONSTRAINT fresh_sources_pkey PRIMARY KEY (key_id, hour, network, client);

ALTER TABLE ONLY public.function_versions
    ADD CONSTRAINT function_versions_name_hash_key UNIQUE (name, hash);

ALTER TABLE ONLY public.function_versions
    ADD CONSTRAINT function_versions_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_pkey PRIMARY KEY (workspace_id, group_id, user_id);

ALTER TABLE ONLY public.group_roles
    ADD CONSTRAINT group_roles_pkey PRIMARY KEY (workspace_id, group_id);

ALTER TABLE ONLY public.job_runs
    ADD CONSTRAINT job_runs_pkey PRIMARY KEY (job);

ALTER TABLE ONLY public.key_holders
    ADD CONSTRAINT key_holders_pkey PRIMARY KEY (key_id, user_id);

ALTER TABLE ONLY public.key_offers
    ADD CONSTRAINT key_offers_pkey PRIMARY KEY (key_id, owner_id, matter_id);

ALTER TABLE ONLY public.key_requests
    ADD CONSTRAINT key_requests_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.key_sources
    ADD CONSTRAINT key_sources_pkey PRIMARY KEY (key_id, source) INCLUDE (first_at);

ALTER TABLE ONLY public.key_usage
    ADD CONSTRAINT key_usage_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.leak_reports
    ADD CONSTRAINT leak_reports_account_id_reporter_reference_key UNIQUE (account_id, reporter, reference);

ALTER TABLE ONLY public.leak_reports
    ADD CONSTRAINT leak_reports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.leaks
    ADD CONSTRAINT leaks_pkey PRIMARY KEY (report_id, key_id);

ALTER TABLE ONLY public.lease_lengths
    ADD CONSTRAINT lease_lengths_pkey PRIMARY KEY (ttl_ms);

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (incarnation);

ALTER TABLE ONLY public.lost_channels
    ADD CONSTRAINT lost_channels_pkey PRIMARY KEY (workspace_id, channel);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (workspace_id, user_id);

ALTER TABLE ONLY public.offboarding_keys
    ADD CONSTRAINT offboarding_keys_pkey PRIMARY KEY (offboarding_id, key_id);

ALTER TABLE ONLY public.offboarding_requests
    ADD CONSTRAINT offboarding_requests_pkey PRIMARY KEY (offboarding_id, source, reference);

ALTER TABLE ONLY public.offboardings
    ADD CONSTRAINT offboardings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_id_key UNIQUE (id);

ALTER TABLE ONLY public.outbox_pauses
    ADD CONSTRAINT outbox_pauses_pkey PRIMARY KEY (destination);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_source_item_id_step_destination_key UNIQUE (source, item_id, step, destination);

ALTER TABLE ONLY public.pending_reveals
    ADD CONSTRAINT pending_reveals_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.posted_messages
    ADD CONSTRAINT posted_messages_pkey PRIMARY KEY (source, subject_id, destination);

ALTER TABLE ONLY public.preferences
    ADD CONSTRAINT preferences_pkey PRIMARY KEY (account_id, user_id);

ALTER TABLE ONLY public.review_keys
    ADD CONSTRAINT review_keys_pkey PRIMARY KEY (review_id, key_id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rotation_campaign_keys
    ADD CONSTRAINT rotation_campaign_keys_pkey PRIMARY KEY (campaign_id, key_id);

ALTER TABLE ONLY public.rotation_campaigns
    ADD CONSTRAINT rotation_campaigns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.service_tokens
    ADD CONSTRAINT service_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.service_tokens
    ADD CONSTRAINT service_tokens_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.slack_users
    ADD CONSTRAINT slack_users_pkey PRIMARY KEY (account_id, user_id);

ALTER TABLE ONLY public.token_messages
    ADD CONSTRAINT token_messages_pkey PRIMARY KEY (channel_id, ts);

ALTER TABLE ONLY public.usage_batches
    ADD CONSTRAINT usage_batches_pkey PRIMARY KEY (account_id, batch_id);

ALTER TABLE ONLY public.usage_buckets
    ADD CONSTRAINT usage_buckets_pkey PRIMARY KEY (key_id, bucket, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_buckets_rest
    ADD CONSTRAINT usage_buckets_rest_pkey PRIMARY KEY (key_id, bucket, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_counters
    ADD CONSTRAINT usage_counters_pkey PRIMARY KEY (counter);

ALTER TABLE ONLY public.usage_days
    ADD CONSTRAINT usage_days_pkey PRIMARY KEY (key_id, day, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_days_rest
    ADD CONSTRAINT usage_days_rest_pkey PRIMARY KEY (key_id, day, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_endpoints
    ADD CONSTRAINT usage_endpoints_name_key UNIQUE (name);

ALTER TABLE ONLY public.usage_endpoints
    ADD CONSTRAINT usage_endpoints_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.usage_hours
    ADD CONSTRAINT usage_hours_pkey PRIMARY KEY (key_id, hour, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_hours_rest
    ADD CONSTRAINT usage_hours_rest_pkey PRIMARY KEY (key_id, hour, endpoint_id, source, class);

ALTER TABLE ONLY public.usage_leaving
    ADD CONSTRAINT usage_leaving_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.usage_panels
    ADD CONSTRAINT usage_panels_pkey PRIMARY KEY (user_id, subject_id);

ALTER TABLE ONLY public.usage_recent
    ADD CONSTRAINT usage_recent_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.usage_rollups
    ADD CONSTRAINT usage_rollups_pkey PRIMARY KEY (step);

ALTER TABLE ONLY public.usage_sinks
    ADD CONSTRAINT usage_sinks_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.usage_sources
    ADD CONSTRAINT usage_sources_pkey PRIMARY KEY (key_id, hour, network, client);

ALTER TABLE ONLY public.usage_sources_rest
    ADD CONSTRAINT usage_sources_rest_pkey PRIMARY KEY (key_id, hour, network, client);

ALTER TABLE ONLY public.usage_spread
    ADD CONSTRAINT usage_spread_pkey PRIMARY KEY (hour, key_id);

ALTER TABLE ONLY public.usage_waiting
    ADD CONSTRAINT usage_waiting_counter_flush_key UNIQUE (counter, flush);

ALTER TABLE ONLY public.usage_waiting
    ADD CONSTRAINT usage_waiting_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_connection_id_signature_key UNIQUE (connection_id, signature);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (connection_id, idempotency_key);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_account_id_name_folded_key UNIQUE (account_id, name_folded);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (id);

CREATE INDEX acts_done_by_time ON public.acts_done USING btree (done_at);

CREATE INDEX anomaly_episodes_by_fleet ON public.anomaly_episodes USING btree (fleet_id) WHERE (fleet_id IS NOT NULL);

CREATE INDEX anomaly_episodes_by_key ON public.anomaly_episodes USING btree (key_id, began_at);

CREATE INDEX anomaly_episodes_by_left_fleet ON public.anomaly_episodes USING btree (left_fleet_id) WHERE (left_fleet_id IS NOT NULL);

CREATE UNIQUE INDEX anomaly_episodes_one_open ON public.anomaly_episodes USING btree (key_id) WHERE (over_at IS NULL);

CREATE INDEX anomaly_episodes_open ON public.anomaly_episodes USING btree (workspace_id) WHERE (over_at IS NULL);

CREATE INDEX anomaly_episodes_over ON public.anomaly_episodes USING btree (over_at) WHERE (over_at IS NOT NULL);

CREATE INDEX anomaly_expectations_by_key ON public.anomaly_expectations USING btree (key_id) WHERE (forgotten_at IS NULL);

CREATE INDEX anomaly_states_by_silence ON public.anomaly_states USING btree (silence_due) WHERE (silence_due IS NOT NULL);

CREATE INDEX anomaly_states_doubtful ON public.anomaly_states USING btree (key_id) WHERE is_doubtful;

CREATE INDEX audit_events_by_actor ON public.audit_events USING btree (workspace_id, actor_id, seq);

CREATE INDEX audit_events_by_key ON public.audit_events USING btree (workspace_id, key_id, seq) WHERE (key_id IS NOT NULL);

CREATE INDEX audit_refusals_to_sum_up ON public.audit_refusals USING btree (hour) WHERE ((summed_up_at IS NULL) AND (attempts > 1));

CREATE INDEX canary_runs_by_age ON public.canary_runs USING btree (began_at);

CREATE INDEX canary_runs_by_time ON public.canary_runs USING btree (workspace_id, began_at);

CREATE INDEX canary_runs_under_way ON public.canary_runs USING btree (id) WHERE (finished_at IS NULL);

CREATE INDEX change_subjects_by_id ON public.change_subjects USING btree (kind, id, seq);

CREATE INDEX changes_by_request ON public.changes USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE INDEX changes_unconfirmed ON public.changes USING btree (seq) WHERE (confirmed_at IS NULL);

CREATE INDEX connections_by_account ON public.connections USING btree (account_id, created_at);

CREATE INDEX deactivation_notices_due ON public.deactivation_notices USING btree (workspace_id, kind, deactivate_at);

CREATE INDEX directory_groups_by_external ON public.directory_groups USING btree (account_id, external_id) WHERE (external_id IS NOT NULL);

CREATE INDEX directory_users_by_external ON public.directory_users USING btree (account_id, external_id) WHERE (external_id IS NOT NULL);

CREATE INDEX directory_users_inactive ON public.directory_users USING btree (account_id) WHERE (NOT active);

CREATE INDEX emails_by_user ON public.emails USING btree (account_id, user_id);

CREATE UNIQUE INDEX finding_groups_one_a_day ON public.finding_groups USING btree (workspace_id, kind, day) WHERE (day IS NOT NULL);

CREATE INDEX findings_by_assignee ON public.findings USING btree (COALESCE(acknowledged_by, assigned_to), workspace_id) WHERE ((resolved_at IS NULL) AND (COALESCE(acknowledged_by, assigned_to) IS NOT NULL));

CREATE INDEX findings_by_change ON public.findings USING btree (workspace_id, changed_at);

CREATE INDEX findings_by_group ON public.findings USING btree (group_id) WHERE (group_id IS NOT NULL);

CREATE INDEX findings_by_left_group ON public.findings USING btree (left_group_id) WHERE (left_group_id IS NOT NULL);

CREATE INDEX findings_inbox ON public.findings USING btree (workspace_id, rank, changed_at, id) WHERE ((resolved_at IS NULL) AND (snoozed_until IS NULL));

CREATE UNIQUE INDEX findings_one_open ON public.findings USING btree (key_id, kind) WHERE (resolved_at IS NULL);

CREATE INDEX findings_open_by_kind ON public.findings USING btree (workspace_id, kind) WHERE (resolved_at IS NULL);

CREATE INDEX findings_snoozed ON public.findings USING btree (snoozed_until) WHERE ((snoozed_until IS NOT NULL) AND (resolved_at IS NULL));

CREATE INDEX findings_snoozed_inbox ON public.findings USING btree (workspace_id, rank, changed_at, id) WHERE ((snoozed_until IS NOT NULL) AND (resolved_at IS NULL));

CREATE UNIQUE INDEX fleet_events_one_open ON public.fleet_events USING btree (workspace_id, direction) WHERE (over_at IS NULL);

CREATE INDEX fleet_events_to_notify ON public.fleet_events USING btree (workspace_id) WHERE (NOT notified_over);

CREATE INDEX group_members_by_user ON public.group_members USING btree (workspace_id, user_id);

CREATE INDEX key_holders_by_user ON public.key_holders USING btree (user_id);

CREATE INDEX key_offers_by_message ON public.key_offers USING btree (matter_id, owner_id);

CREATE INDEX key_requests_by_age ON public.key_requests USING btree (requested_at) WHERE (state = 'waiting'::text);

CREATE INDEX key_requests_by_person ON public.key_requests USING btree (workspace_id, requested_by, requested_at);

CREATE INDEX key_requests_waiting ON public.key_requests USING btree (workspace_id, requested_at) WHERE (state = 'waiting'::text);

CREATE INDEX keys_by_age ON public.keys USING btree (workspace_id, revealed_at, id) WHERE ((status = 'active'::text) AND (successor_id IS NULL));

CREATE INDEX keys_by_end ON public.keys USING btree (workspace_id, works_until, id) WHERE ((status = 'active'::text) AND (works_until IS NOT NULL));

CREATE INDEX keys_by_hint ON public.keys USING btree (workspace_id, hint);

CREATE INDEX keys_by_integration ON public.keys USING btree (workspace_id, lower(integration), created_at DESC) WHERE ((status <> 'revoked'::text) AND (integration <> ''::text));

CREATE INDEX keys_by_name ON public.keys USING btree (workspace_id, name_folded, created_at DESC);

CREATE INDEX keys_by_nearness ON public.keys USING gist (workspace_id, name_folded public.gist_trgm_ops (siglen='64')) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_by_owner ON public.keys USING btree (workspace_id, owner_id, name_folded, id) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_by_quiet ON public.keys USING btree (workspace_id, quiet_since, id) WHERE (status = 'active'::text);

CREATE INDEX keys_by_scope ON public.keys USING gin (workspace_id, scopes);

CREATE INDEX keys_by_status ON public.keys USING btree (workspace_id, status, name_folded, id);

CREATE INDEX keys_by_successor ON public.keys USING btree (successor_id) WHERE (successor_id IS NOT NULL);

CREATE INDEX keys_by_words ON public.keys USING gin (workspace_id, found_by public.gin_trgm_ops) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_created ON public.keys USING btree (created_by) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_live_by_name ON public.keys USING btree (workspace_id, name_folded, id) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_of_owner_by_age ON public.keys USING btree (workspace_id, owner_id, revealed_at, id) WHERE ((status = 'active'::text) AND (successor_id IS NULL));

CREATE INDEX keys_of_owner_by_end ON public.keys USING btree (workspace_id, owner_id, works_until, id) WHERE ((status = 'active'::text) AND (works_until IS NOT NULL));

CREATE INDEX keys_of_owner_by_status ON public.keys USING btree (workspace_id, owner_id, status, name_folded, id);

CREATE INDEX keys_offered ON public.keys USING btree (workspace_id, owner_id, status_changed_at) WHERE (status = 'unrevealed'::text);

CREATE UNIQUE INDEX keys_one_live_name ON public.keys USING btree (workspace_id, name_folded) WHERE ((status <> 'revoked'::text) AND (successor_id IS NULL));

CREATE UNIQUE INDEX keys_one_live_successor ON public.keys USING btree (predecessor_id) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_owned ON public.keys USING btree (owner_id) WHERE (status <> 'revoked'::text);

CREATE INDEX keys_revealed ON public.keys USING btree (revealed_by) WHERE ((status <> 'revoked'::text) AND (revealed_by IS NOT NULL));

CREATE INDEX keys_revoked ON public.keys USING btree (id) WHERE (status = 'revoked'::text);

CREATE INDEX keys_unrevealed ON public.keys USING btree (status_changed_at) WHERE (status = 'unrevealed'::text);

CREATE INDEX keys_write_without_expiry ON public.keys USING btree (workspace_id, id) WHERE ((status = 'active'::text) AND (expires_at IS NULL) AND (scopes @> ARRAY['write'::text]));

CREATE INDEX leak_reports_by_age ON public.leak_reports USING btree (reported_at);

CREATE INDEX leaks_by_workspace ON public.leaks USING btree (workspace_id, key_id);

CREATE INDEX leaks_of_key ON public.leaks USING btree (key_id);

CREATE INDEX leaks_to_act ON public.leaks USING btree (reported_at) WHERE (acted_at IS NULL);

CREATE INDEX leaks_to_confirm ON public.leaks USING btree (key_id) WHERE ((did IS NOT NULL) AND (receipt IS NULL));

CREATE INDEX members_in_charge ON public.members USING btree (workspace_id, role) WHERE (role = ANY (ARRAY['owner'::text, 'manager'::text]));

CREATE INDEX offboarding_keys_by_key ON public.offboarding_keys USING btree (key_id);

CREATE INDEX offboarding_keys_to_do ON public.offboarding_keys USING btree (offboarding_id, workspace_id, key_id) WHERE (outcome IS NULL);

CREATE INDEX offboardings_by_message ON public.offboardings USING btree (message_id);

CREATE INDEX offboardings_lately ON public.offboardings USING btree (workspace_id, message_at) WHERE (message_at IS NOT NULL);

CREATE UNIQUE INDEX offboardings_one_a_person ON public.offboardings USING btree (account_id, user_id) WHERE ((ended_at IS NULL) AND (user_id IS NOT NULL));

CREATE UNIQUE INDEX offboardings_one_an_email ON public.offboardings USING btree (account_id, email) WHERE ((ended_at IS NULL) AND (user_id IS NULL));

CREATE INDEX offboardings_to_do ON public.offboardings USING btree (begun_at) WHERE (state = ANY (ARRAY['requested'::text, 'acting'::text, 'confirming'::text]));

CREATE INDEX offboardings_unannounced ON public.offboardings USING btree (workspace_id, requested_at) WHERE ((message_id IS NULL) AND announced);

CREATE INDEX outbox_by_subject ON public.outbox USING btree (subject_id, destination, seq) WHERE (completed_at IS NULL);

CREATE INDEX outbox_claimed ON public.outbox USING btree (destination) WHERE ((completed_at IS NULL) AND (claimed_until IS NOT NULL));

CREATE INDEX outbox_completed ON public.outbox USING btree (completed_at) WHERE (completed_at IS NOT NULL);

CREATE INDEX outbox_failed ON public.outbox USING btree (workspace_id, put_at) WHERE (outcome = 'failed'::text);

CREATE INDEX outbox_redirected ON public.outbox USING btree (workspace_id, destination) WHERE ((outcome = 'redirected'::text) AND (mode = 'live'::text));

CREATE INDEX outbox_waiting ON public.outbox USING btree (destination, seq) WHERE (completed_at IS NULL);

CREATE INDEX pending_reveals_by_age ON public.pending_reveals USING btree (since);

CREATE INDEX posted_messages_by_destination ON public.posted_messages USING btree (destination);

CREATE INDEX posted_messages_to_refresh ON public.posted_messages USING btree (refresh_at) WHERE (refresh_at IS NOT NULL);

CREATE INDEX preferences_recent_homes ON public.preferences USING btree (account_id, home_seen_at) WHERE (home_seen_at IS NOT NULL);

CREATE INDEX review_keys_open ON public.review_keys USING btree (review_id, answer_by) WHERE (closed_at IS NULL);

CREATE INDEX reviews_by_time ON public.reviews USING btree (workspace_id, begun_at);

CREATE UNIQUE INDEX reviews_one_open ON public.reviews USING btree (workspace_id) WHERE (ended_at IS NULL);

CREATE INDEX rotation_campaign_keys_to_do ON public.rotation_campaign_keys USING btree (campaign_id, key_id) WHERE (outcome IS NULL);

CREATE INDEX rotations_by_campaign ON public.rotations USING btree (campaign_id, id) WHERE (campaign_id IS NOT NULL);

CREATE INDEX rotations_by_predecessor ON public.rotations USING btree (predecessor_id, started_at);

CREATE UNIQUE INDEX rotations_one_open ON public.rotations USING btree (predecessor_id) WHERE (ended_at IS NULL);

CREATE INDEX rotations_open ON public.rotations USING btree (workspace_id, started_at) WHERE (ended_at IS NULL);

CREATE INDEX rotations_open_by_deadline ON public.rotations USING btree (workspace_id, due_at) WHERE (ended_at IS NULL);

CREATE INDEX rotations_open_by_phase ON public.rotations USING btree (workspace_id, phase, phase_at) WHERE (ended_at IS NULL);

CREATE INDEX rotations_open_by_successor ON public.rotations USING btree (successor_id) WHERE (ended_at IS NULL);

CREATE INDEX rotations_to_confirm ON public.rotations USING btree (cut_key_id) WHERE ((cut_at IS NOT NULL) AND (confirmed_at IS NULL));

CREATE INDEX service_tokens_by_account ON public.service_tokens USING btree (account_id, created_at);

CREATE INDEX token_messages_by_age ON public.token_messages USING btree (posted_at);

CREATE INDEX token_messages_by_key ON public.token_messages USING btree (key_id, hint);

CREATE INDEX usage_batches_by_time ON public.usage_batches USING btree (at);

CREATE INDEX usage_buckets_by_time ON ONLY public.usage_buckets USING brin (bucket) WITH (pages_per_range='16');

CREATE INDEX usage_buckets_rest_bucket_idx ON public.usage_buckets_rest USING brin (bucket) WITH (pages_per_range='16');

CREATE INDEX usage_hours_by_time ON ONLY public.usage_hours USING brin (hour) WITH (pages_per_range='16');

CREATE INDEX usage_hours_rest_hour_idx ON public.usage_hours_rest USING brin (hour) WITH (pages_per_range='16');

CREATE INDEX usage_panels_by_time ON public.usage_panels USING btree (shown_at);

CREATE INDEX usage_recent_by_day ON public.usage_recent USING btree (last_day);

CREATE INDEX usage_sources_refused ON ONLY public.usage_sources USING btree (hour, key_id) WHERE (refused > refused_scope);

CREATE INDEX usage_sources_rest_hour_key_id_idx ON public.usage_sources_rest USING btree (hour, key_id) WHERE (refused > refused_scope);

ALTER INDEX public.usage_buckets_by_time ATTACH PARTITION public.usage_buckets_rest_bucket_idx;

ALTER INDEX public.usage_buckets_pkey ATTACH PARTITION public.usage_buckets_rest_pkey;

ALTER INDEX public.usage_days_pkey ATTACH PARTITION public.usage_days_rest_pkey;

ALTER INDEX public.usage_hours_by_time ATTACH PARTITION public.usage_hours_rest_hour_idx;

ALTER INDEX public.usage_hours_pkey ATTACH PARTITION public.usage_hours_rest_pkey;

ALTER INDEX public.usage_sources_refused ATTACH PARTITION public.usage_sources_rest_hour_key_id_idx;

ALTER INDEX public.usage_sources_pkey ATTACH PARTITION public.usage_sources_rest_pkey;

CREATE CONSTRAINT TRIGGER accounts_change AFTER UPDATE ON public.accounts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.account_changed();

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.audit_is_append_only();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_is_append_only();

CREATE CONSTRAINT TRIGGER keys_change AFTER UPDATE ON public.keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.token_hash IS NOT NULL) AND ((old.token_hash IS DISTINCT FROM new.token_hash) OR (old.workspace_id <> new.workspace_id) OR (old.status <> new.status) OR (old.scopes <> new.scopes) OR (old.expires_at IS DISTINCT FROM new.expires_at) OR (old.ends_at IS DISTINCT FROM new.ends_at) OR (old.allowed_networks <> new.allowed_networks) OR (old.limit_per_minute IS DISTINCT FROM new.limit_per_minute)))) EXECUTE FUNCTION public.key_changed();

CREATE TRIGGER keys_emptied AFTER TRUNCATE ON public.keys FOR EACH STATEMENT EXECUTE FUNCTION public.everything_changed();

CREATE CONSTRAINT TRIGGER keys_gone AFTER DELETE ON public.keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.key_changed();

CREATE CONSTRAINT TRIGGER keys_import AFTER INSERT ON public.keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.token_hash IS NOT NULL)) EXECUTE FUNCTION public.key_imported();

CREATE CONSTRAINT TRIGGER service_tokens_change AFTER UPDATE ON public.service_tokens DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.revoked_at IS DISTINCT FROM new.revoked_at) OR (old.account_id <> new.account_id) OR (old.token_hash <> new.token_hash))) EXECUTE FUNCTION public.service_token_changed();

CREATE TRIGGER service_tokens_emptied AFTER TRUNCATE ON public.service_tokens FOR EACH STATEMENT EXECUTE FUNCTION public.everything_changed();

CREATE CONSTRAINT TRIGGER service_tokens_gone AFTER DELETE ON public.service_tokens DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.service_token_changed();

CREATE TRIGGER usage_sources_fresh AFTER INSERT ON public.usage_sources REFERENCING NEW TABLE AS counted FOR EACH STATEMENT EXECUTE FUNCTION public.note_new_clients();

CREATE TRIGGER usage_sources_spread AFTER INSERT ON public.usage_sources REFERENCING NEW TABLE AS new_sources FOR EACH STATEMENT EXECUTE FUNCTION public.note_spread();

CREATE CONSTRAINT TRIGGER workspaces_change AFTER UPDATE ON public.workspaces DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.account_id <> new.account_id) OR (old.suspended_at IS DISTINCT FROM new.suspended_at))) EXECUTE FUNCTION public.workspace_changed();

ALTER TABLE ONLY public.anomaly_episodes
    ADD CONSTRAINT anomaly_episodes_fleet_id_fkey FOREIGN KEY (fleet_id) REFERENCES public.fleet_events(id);

ALTER TABLE ONLY public.anomaly_episodes
    ADD CONSTRAINT anomaly_episodes_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.anomaly_episodes
    ADD CONSTRAINT anomaly_episodes_left_fleet_id_fkey FOREIGN KEY (left_fleet_id) REFERENCES public.fleet_events(id);

ALTER TABLE ONLY public.anomaly_episodes
    ADD CONSTRAINT anomaly_episodes_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.anomaly_expectations
    ADD CONSTRAINT anomaly_expectations_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.audit_heads
    ADD CONSTRAINT audit_heads_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.audit_refusals
    ADD CONSTRAINT audit_refusals_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.canary_answers
    ADD CONSTRAINT canary_answers_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.canary_runs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.canary_runs
    ADD CONSTRAINT canary_runs_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.canary_runs
    ADD CONSTRAINT canary_runs_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.change_subjects
    ADD CONSTRAINT change_subjects_seq_fkey FOREIGN KEY (seq) REFERENCES public.changes(seq) ON DELETE CASCADE;

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.deactivation_notices
    ADD CONSTRAINT deactivation_notices_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.deactivation_notices
    ADD CONSTRAINT deactivation_notices_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.departures
    ADD CONSTRAINT departures_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.directory_groups
    ADD CONSTRAINT directory_groups_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.directory_users
    ADD CONSTRAINT directory_users_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.emails
    ADD CONSTRAINT emails_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.finding_groups
    ADD CONSTRAINT finding_groups_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.finding_groups(id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_left_group_id_fkey FOREIGN KEY (left_group_id) REFERENCES public.finding_groups(id);

ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.fleet_events
    ADD CONSTRAINT fleet_events_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_workspace_id_group_id_fkey FOREIGN KEY (workspace_id, group_id) REFERENCES public.group_roles(workspace_id, group_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.group_roles
    ADD CONSTRAINT group_roles_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.key_holders
    ADD CONSTRAINT key_holders_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.key_offers
    ADD CONSTRAINT key_offers_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.key_requests
    ADD CONSTRAINT key_requests_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.key_requests
    ADD CONSTRAINT key_requests_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_predecessor_id_fkey FOREIGN KEY (predecessor_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_successor_id_fkey FOREIGN KEY (successor_id) REFERENCES public.keys(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.leak_reports
    ADD CONSTRAINT leak_reports_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.leaks
    ADD CONSTRAINT leaks_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.leaks
    ADD CONSTRAINT leaks_report_id_fkey FOREIGN KEY (report_id) REFERENCES public.leak_reports(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.leaks
    ADD CONSTRAINT leaks_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.lost_channels
    ADD CONSTRAINT lost_channels_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.offboarding_keys
    ADD CONSTRAINT offboarding_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.offboarding_keys
    ADD CONSTRAINT offboarding_keys_offboarding_id_fkey FOREIGN KEY (offboarding_id) REFERENCES public.offboardings(id);

ALTER TABLE ONLY public.offboarding_keys
    ADD CONSTRAINT offboarding_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.offboarding_requests
    ADD CONSTRAINT offboarding_requests_offboarding_id_fkey FOREIGN KEY (offboarding_id) REFERENCES public.offboardings(id);

ALTER TABLE ONLY public.offboardings
    ADD CONSTRAINT offboardings_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.offboardings
    ADD CONSTRAINT offboardings_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.pending_reveals
    ADD CONSTRAINT pending_reveals_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.posted_messages
    ADD CONSTRAINT posted_messages_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.preferences
    ADD CONSTRAINT preferences_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.preferences
    ADD CONSTRAINT preferences_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.review_keys
    ADD CONSTRAINT review_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.review_keys
    ADD CONSTRAINT review_keys_review_id_fkey FOREIGN KEY (review_id) REFERENCES public.reviews(id);

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.rotation_campaign_keys
    ADD CONSTRAINT rotation_campaign_keys_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.rotation_campaigns(id);

ALTER TABLE ONLY public.rotation_campaign_keys
    ADD CONSTRAINT rotation_campaign_keys_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.rotation_campaigns
    ADD CONSTRAINT rotation_campaigns_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES public.rotation_campaigns(id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_cut_key_id_fkey FOREIGN KEY (cut_key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_predecessor_id_fkey FOREIGN KEY (predecessor_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_successor_id_fkey FOREIGN KEY (successor_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.rotations
    ADD CONSTRAINT rotations_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES public.workspaces(id);

ALTER TABLE ONLY public.service_tokens
    ADD CONSTRAINT service_tokens_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.slack_users
    ADD CONSTRAINT slack_users_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.token_messages
    ADD CONSTRAINT token_messages_key_id_fkey FOREIGN KEY (key_id) REFERENCES public.keys(id);

ALTER TABLE ONLY public.usage_batches
    ADD CONSTRAINT usage_batches_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES public.connections(id);

ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_offboarding_id_fkey FOREIGN KEY (offboarding_id) REFERENCES public.offboardings(id);

ALTER TABLE ONLY public.workspaces
    ADD CONSTRAINT workspaces_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id);

REVOKE ALL ON FUNCTION public.audit_append(p_workspace text, p_body text) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.count_refusal(p_workspace text, p_actor text, p_action text, p_code text, p_key text, p_hour timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.drop_usage_partitions(p_parent text, p_before timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.forget_refusals(p_before timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.make_usage_partition(p_parent text, p_from timestamp with time zone, p_to timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION public.sum_up_refusals(p_now timestamp with time zone, p_hour timestamp with time zone, p_limit integer) FROM PUBLIC;
