import type { Knex } from 'knex'

/**
 * A flush is one row that waits, and is folded into the tables of usage with all that wait beside it: a key that is
 * busy, or that many verifiers ask about, is counted up once in a while instead of once a second by each. While few
 * cells wait nobody gains by that, and a flush folds at once.
 *
 * One folds at a time, in the order in which verifiers of the version before write, who go on with flush_usage beside it:
 * nobody waits in a circle. A flush counts once: its number stands here until it is folded,
 * and from then on below the number in usage_counters; both change together. So does `through`, which speaks of what
 * is folded.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table usage_waiting (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      cells integer not null,
      counter text not null,
      name text not null,
      flush bigint not null,
      through timestamptz not null,
      last_at timestamptz not null,
      is_closed boolean not null,
      names text[] not null,
      endpoints integer[] not null,
      classes smallint[] not null,
      buckets integer[] not null,
      keys text[] not null,
      counts bigint[] not null,
      source_keys text[] not null,
      source_hours integer[] not null,
      source_networks text[] not null,
      source_clients text[] not null,
      source_requests bigint[] not null,
      source_refused bigint[] not null,
      source_refused_scope bigint[] not null,
      source_last_ms double precision[] not null,
      unique (counter, flush)
    );
    -- Rows live for seconds: making them small would cost more than it saves.
    do $$ declare wide record; begin
      for wide in select attname from pg_attribute
        where attrelid = 'usage_waiting'::regclass and attnum > 0 and atttypid::regtype::text like '%[]'
      loop
        execute format('alter table usage_waiting alter %I set storage external', wide.attname);
      end loop;
    end $$;

    -- Folds what has waited longest, about p_most cells of it; nothing if somebody else is folding and p_waits is false.
    -- Says whether more waited as it began: what comes meanwhile is for the next one, or it would never end.
    create function fold_usage(p_most integer, p_waits boolean) returns boolean
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
      select array_agg(id) filter (where before < p_most), bool_or(before >= p_most) into taken, is_more
        from (select id, sum(cells) over (order by id) - cells as before from usage_waiting) as waiting;
      if taken is null then return false; end if;
      select array_agg(distinct n) into all_names from usage_waiting w, unnest(w.names) as n where w.id = any(taken);

      with flushes as materialized (
        select w.last_at, w.endpoints, w.classes, w.buckets, w.keys, w.counts,
          (select array_agg(array_position(all_names, own.name) order by own.n)
            from unnest(w.names) with ordinality as own(name, n)) as places
        from usage_waiting w where w.id = any(taken)
      ), folded as materialized (
        select r.key_id, r.bucket, f.places[r.endpoint] as endpoint, r.class, sum(r.requests)::bigint as requests,
          max(f.last_at) as last_at
        from flushes f, unnest(f.keys, f.buckets, f.endpoints, f.classes, f.counts)
          as r(key_id, bucket, endpoint, class, requests)
        group by 1, 2, 3, 4
      )
      select array_agg(key_id) as keys, array_agg(bucket) as buckets, array_agg(endpoint) as endpoints,
        array_agg(class) as classes, array_agg(requests) as counts, array_agg(last_at) as last_at
        into counted from (select * from folded order by key_id, bucket, endpoint, class) as ordered;
      if counted.keys is not null then
        perform add_usage('verify', all_names, counted.endpoints, counted.classes, counted.buckets, counted.keys, counted.counts);
        insert into key_usage as u (key_id, requests, first_used_at, last_used_at)
          select r.key_id, sum(r.requests),
            min(greatest(to_timestamp(r.bucket * 300::float8), r.last_at - interval '5 minutes')),
            max(least(to_timestamp(r.bucket * 300::float8 + 300), r.last_at))
          from unnest(counted.keys, counted.counts, counted.buckets, counted.last_at) as r(key_id, requests, bucket, last_at)
          group by r.key_id order by r.key_id
          on conflict (key_id) do update set
            requests = u.requests + excluded.requests,
            last_used_at = greatest(u.last_used_at, excluded.last_used_at);
      end if;

      with folded as materialized (
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
        into sourced from (select * from folded order by key_id, hour, network, client) as ordered;
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

    -- Says whether so much waits, for so long, that somebody should fold it.
    create function keep_flush(p_counter text, p_name text, p_flush bigint, p_through timestamptz, p_last timestamptz,
      p_is_closed boolean, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[],
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
      -- Looked at afterwards: what was folded while this waited is seen now.
      if exists (select from usage_counters where counter = p_counter and flush >= p_flush) then
        delete from usage_waiting where id = kept;
      elsif kept is not null and cardinality(p_recent_keys) > 0 then
        perform add_recent((p_through at time zone 'UTC')::date, p_recent_keys, p_recent_entries);
      end if;
      select sum(cells), min(at) into waiting, oldest from usage_waiting;
      if waiting < 500 then
        perform fold_usage(500, true);
        return false;
      end if;
      return oldest < clock_timestamp() - interval '10 seconds';
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    do $$ begin while fold_usage(100000, true) loop end loop; end $$;
    drop function keep_flush(text, text, bigint, timestamptz, timestamptz, boolean, text[], integer[], smallint[],
      integer[], text[], bigint[], text[], integer[], text[], text[], bigint[], bigint[], bigint[], double precision[],
      text[], text[]);
    drop function fold_usage(integer, boolean);
    drop table usage_waiting;
  `)
