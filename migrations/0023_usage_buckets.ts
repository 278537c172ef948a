import type { Knex } from 'knex'

/**
 * Requests per key, endpoint, source, status class and five minutes, in partitions by time so that old ones are
 * dropped whole. A flush is applied once: it carries its counter's next number, and a number that was seen is
 * ignored. `through` says until when that counter has told everything.
 *
 * Totals per key are kept without a reference to keys: counting must never fail for a key's sake.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table usage_endpoints (
      id integer generated always as identity primary key,
      name text not null unique check (char_length(name) <= 300)
    );
    create table usage_buckets (
      key_id text not null,
      bucket timestamptz not null,
      endpoint_id integer not null,
      source text not null check (source in ('verify', 'outcome')),
      class smallint not null check (class between 1 and 5),
      requests bigint not null,
      primary key (key_id, bucket, endpoint_id, source, class)
    ) partition by range (bucket);
    create table usage_buckets_rest partition of usage_buckets default with (fillfactor = 70);
    create table usage_counters (
      counter text primary key,
      name text not null,
      flush bigint not null,
      through timestamptz not null,
      is_closed boolean not null default false
    );
    create table usage_batches (
      account_id text not null references accounts,
      batch_id text not null check (char_length(batch_id) between 1 and 100),
      at timestamptz not null,
      primary key (account_id, batch_id)
    );
    create index usage_batches_by_time on usage_batches (at);
    alter table key_usage drop constraint key_usage_key_id_fkey;

    -- Rows come sorted by key, so that two flushes never wait for each other in a circle.
    create function add_usage(p_source text, p_names text[], p_endpoints integer[], p_classes smallint[],
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

    create function flush_usage(p_counter text, p_name text, p_flush bigint, p_through timestamptz, p_last timestamptz,
      p_is_closed boolean, p_names text[], p_endpoints integer[], p_classes smallint[], p_buckets integer[],
      p_keys text[], p_counts bigint[]) returns boolean
    language plpgsql set search_path from current as $$
    begin
      insert into usage_counters as c (counter, name, flush, through, is_closed)
        values (p_counter, p_name, p_flush, p_through, p_is_closed)
        on conflict (counter) do update
          set flush = excluded.flush, through = excluded.through, is_closed = excluded.is_closed
          where c.flush < excluded.flush;
      if not found then return false; end if;
      if cardinality(p_keys) = 0 then return true; end if;
      perform add_usage('verify', p_names, p_endpoints, p_classes, p_buckets, p_keys, p_counts);
      insert into key_usage as u (key_id, requests, first_used_at, last_used_at)
        select r.key_id, sum(r.requests), greatest(to_timestamp(min(r.bucket) * 300.0), p_last - interval '5 minutes'),
          least(to_timestamp(max(r.bucket) * 300.0 + 300), p_last)
        from unnest(p_keys, p_counts, p_buckets) as r(key_id, requests, bucket)
        group by r.key_id order by r.key_id
        on conflict (key_id) do update set
          requests = u.requests + excluded.requests,
          last_used_at = greatest(u.last_used_at, excluded.last_used_at);
      return true;
    end $$;

    create function record_outcomes(p_account text, p_batch text, p_at timestamptz, p_names text[],
      p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[])
    returns boolean language plpgsql set search_path from current as $$
    declare
      known text[];
    begin
      insert into usage_batches (account_id, batch_id, at) values (p_account, p_batch, p_at) on conflict do nothing;
      if not found then return false; end if;
      select array_agg(k.id) into known from keys k join workspaces w on w.id = k.workspace_id
        where k.id = any(p_keys) and w.account_id = p_account;
      perform add_usage('outcome', p_names, array_agg(r.endpoint order by r.n), array_agg(r.class order by r.n),
          array_agg(r.bucket order by r.n), array_agg(r.key_id order by r.n), array_agg(r.requests order by r.n))
        from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) with ordinality
          as r(endpoint, class, bucket, key_id, requests, n)
        where r.key_id = any(known);
      return true;
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function record_outcomes(text, text, timestamptz, text[], integer[], smallint[], integer[], text[], bigint[]);
    drop function flush_usage(text, text, bigint, timestamptz, timestamptz, boolean, text[], integer[], smallint[],
      integer[], text[], bigint[]);
    drop function add_usage(text, text[], integer[], smallint[], integer[], text[], bigint[]);
    alter table key_usage add constraint key_usage_key_id_fkey foreign key (key_id) references keys not valid;
    drop table usage_batches; drop table usage_counters; drop table usage_buckets; drop table usage_endpoints;
  `)
