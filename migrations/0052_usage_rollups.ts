import type { Knex } from 'knex'

/**
 * Usage by the hour and by the day. Everything before `through` of a step is in that step's table; what is counted
 * later for a time before it goes into all of them at once, so that no sum ever waits to be corrected. A lock that
 * counting shares and rolling up takes alone orders the two.
 *
 * An index by time is a BRIN: rows arrive in the order of time, so that it costs nearly nothing to keep, and rolling up
 * reads only what was written since.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table usage_hours (
      key_id text not null,
      hour timestamptz not null,
      endpoint_id integer not null,
      source text not null,
      class smallint not null,
      requests bigint not null,
      primary key (key_id, hour, endpoint_id, source, class)
    ) partition by range (hour);
    create table usage_hours_rest partition of usage_hours default;
    create table usage_days (
      key_id text not null,
      day timestamptz not null,
      endpoint_id integer not null,
      source text not null,
      class smallint not null,
      requests bigint not null,
      primary key (key_id, day, endpoint_id, source, class)
    ) partition by range (day);
    create table usage_days_rest partition of usage_days default;
    create index usage_hours_by_time on usage_hours using brin (hour) with (pages_per_range = 16);
    create table usage_rollups (
      step text primary key check (step in ('hour', 'day')),
      through timestamptz not null
    );
    insert into usage_rollups (step, through) values ('hour', 'epoch'), ('day', 'epoch');

    -- Rows come sorted by key, so that two flushes never wait for each other in a circle.
    create or replace function add_usage(p_source text, p_names text[], p_endpoints integer[], p_classes smallint[],
      p_buckets integer[], p_keys text[], p_counts bigint[]) returns void
    language plpgsql set search_path from current as $$
    declare
      first timestamptz := to_timestamp((select min(b) from unnest(p_buckets) as b) * 300.0);
      hours timestamptz;
      days timestamptz;
    begin
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

    create function add_late_usage(p_hours timestamptz, p_days timestamptz, p_source text, p_names text[],
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

    -- Sums up what lies between the step's watermark and p_through, and moves the watermark there.
    create function roll_up_usage(p_step text, p_through timestamptz) returns bigint
    language plpgsql set search_path from current as $$
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
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function roll_up_usage(text, timestamptz);
    create or replace function add_usage(p_source text, p_names text[], p_endpoints integer[], p_classes smallint[],
      p_buckets integer[], p_keys text[], p_counts bigint[]) returns void
    language plpgsql set search_path from current as $$
    begin
      insert into usage_endpoints (name)
        select wanted.name from unnest(p_names) as wanted(name)
        where not exists (select from usage_endpoints e where e.name = wanted.name)
        order by wanted.name on conflict do nothing;
      insert into usage_buckets as b (key_id, bucket, endpoint_id, source, class, requests)
        select r.key_id, to_timestamp(r.bucket * 300.0), e.id, p_source, r.class, r.requests
        from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) with ordinality
          as r(endpoint, class, bucket, key_id, requests, n)
        join (select ids.id, names.n from unnest(p_names) with ordinality as names(name, n)
          join usage_endpoints ids on ids.name = names.name) as e on e.n = r.endpoint
        order by r.n
        on conflict (key_id, bucket, endpoint_id, source, class) do update
          set requests = b.requests + excluded.requests;
    end $$;
    drop function add_late_usage(timestamptz, timestamptz, text, text[], integer[], smallint[], integer[], text[],
      bigint[]);
    drop table usage_rollups; drop table usage_days; drop table usage_hours;
  `)
