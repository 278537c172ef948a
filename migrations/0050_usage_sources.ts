import type { Knex } from 'knex'

/**
 * Where a key's requests come from, per hour, network and client; and its last two hundred requests, a row per key.
 * Both come with the flush that counts them, under its number, so once. A verifier of the version before goes on
 * with the function it knows.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table usage_sources (
      key_id text not null,
      hour timestamptz not null,
      network text not null,
      client text not null,
      requests bigint not null,
      refused bigint not null,
      refused_scope bigint not null,
      last_at timestamptz not null,
      primary key (key_id, hour, network, client)
    ) partition by range (hour);
    create table usage_sources_rest partition of usage_sources default with (fillfactor = 70);

    -- Entries are texts that begin with the time in 13 digits, the latest first.
    create table usage_recent (
      key_id text primary key,
      last_day date not null,
      entries text[] not null
    ) with (fillfactor = 50);
    create index usage_recent_by_day on usage_recent (last_day);

    create function add_sources(p_keys text[], p_hours integer[], p_networks text[], p_clients text[],
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

    create function newest_entries(older text[], newer text[]) returns text[] language sql immutable as $$
      select case when newer[cardinality(newer)] collate "C" >= older[1] collate "C" then (newer || older)[1:200]
        else (select array_agg(e order by e collate "C" desc) from
          (select e from unnest(newer || older) as e order by e collate "C" desc limit 200) as latest) end
    $$;

    -- p_entries: one text per key, its entries joined by line feeds, the latest first.
    create function add_recent(p_day date, p_keys text[], p_entries text[]) returns void
    language sql set search_path from current as $$
      insert into usage_recent as u (key_id, last_day, entries)
        select r.key_id, p_day, string_to_array(r.entries, E'\\n')
        from unnest(p_keys, p_entries) with ordinality as r(key_id, entries, n) order by r.n
      on conflict (key_id) do update set
        last_day = greatest(u.last_day, excluded.last_day), entries = newest_entries(u.entries, excluded.entries)
    $$;

    create function flush_usage(p_counter text, p_name text, p_flush bigint, p_through timestamptz, p_last timestamptz,
      p_is_closed boolean, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[],
      p_keys text[], p_counts bigint[],
      p_source_keys text[], p_source_hours integer[], p_source_networks text[], p_source_clients text[],
      p_source_requests bigint[], p_source_refused bigint[], p_source_refused_scope bigint[],
      p_source_last_ms double precision[], p_recent_keys text[], p_recent_entries text[]) returns boolean
    language plpgsql set search_path from current as $$
    begin
      if not flush_usage(p_counter, p_name, p_flush, p_through, p_last, p_is_closed, p_names, p_endpoints, p_classes,
        p_buckets, p_keys, p_counts) then return false; end if;
      if cardinality(p_source_keys) > 0 then
        perform add_sources(p_source_keys, p_source_hours, p_source_networks, p_source_clients, p_source_requests,
          p_source_refused, p_source_refused_scope, p_source_last_ms);
      end if;
      if cardinality(p_recent_keys) > 0 then
        perform add_recent((p_through at time zone 'UTC')::date, p_recent_keys, p_recent_entries);
      end if;
      return true;
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function flush_usage(text, text, bigint, timestamptz, timestamptz, boolean, text[], integer[], smallint[],
      integer[], text[], bigint[], text[], integer[], text[], text[], bigint[], bigint[], bigint[], double precision[],
      text[], text[]);
    drop function add_recent(date, text[], text[]); drop function newest_entries(text[], text[]);
    drop function add_sources(text[], integer[], text[], text[], bigint[], bigint[], bigint[], double precision[]);
    drop table usage_recent; drop table usage_sources;
  `)
