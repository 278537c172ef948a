import type { Knex } from 'knex'

/**
 * Leases run on real time: the database's own clock serves only to notice skew and to count who is alive.
 *
 * `epoch` is unlogged on purpose: Postgres empties it in crash recovery, on promotion and on restore, which is
 * when grants may have been lost. Whoever first finds it empty puts a ghost among the leases that stands for all
 * of those, and that a change has to wait out like any silent verifier.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create table leases (
      incarnation text primary key,
      name text not null,
      ttl_ms integer not null check (ttl_ms > 0),
      renewals bigint not null,
      told bigint not null,
      acknowledged bigint not null,
      begun_at timestamptz not null,
      renewed_at timestamptz not null
    ) with (fillfactor = 50);
    create unlogged table epoch (
      singleton boolean primary key default true check (singleton),
      id text not null,
      cluster bigint not null
    );
    alter table change_log add column longest_ttl_ms integer not null default 0;

    create function current_epoch() returns text language plpgsql set search_path from current as $$
    declare
      here bigint := (select system_identifier from pg_control_system());
      found_id text;
    begin
      select id into found_id from epoch where cluster = here;
      if found then return found_id; end if;
      delete from epoch where cluster <> here;
      insert into epoch (id, cluster) values (gen_random_uuid(), here) on conflict do nothing returning id into found_id;
      if found then
        insert into leases (incarnation, name, ttl_ms, renewals, told, acknowledged, begun_at, renewed_at)
        select 'ghost:' || found_id, 'verifiers before the database recovered', longest_ttl_ms, 0, -1, -1,
          clock_timestamp(), clock_timestamp()
        from change_log where longest_ttl_ms > 0;
      else
        select id into found_id from epoch;
      end if;
      return found_id;
    end $$;

    -- Each statement of a volatile function sees what was committed before that statement: the lock comes first.
    create function renew_lease(p_incarnation text, p_name text, p_ttl_ms integer, p_applied bigint, p_begin boolean)
    returns table (is_fenced boolean, epoch_id text, head bigint, pruned bigint, database_ms double precision,
      replicas integer, place integer)
    language plpgsql volatile set search_path from current as $$
    begin
      perform pg_advisory_xact_lock_shared(4711002);
      perform set_config('synchronous_commit', 'on', true);
      epoch_id := current_epoch();
      select greatest(log.pruned_to, coalesce((select max(seq) from changes), 0)), log.pruned_to
        into head, pruned from change_log log;
      if p_begin then
        update change_log set longest_ttl_ms = p_ttl_ms where longest_ttl_ms < p_ttl_ms;
        insert into leases (incarnation, name, ttl_ms, renewals, told, acknowledged, begun_at, renewed_at)
        values (p_incarnation, p_name, p_ttl_ms, 1, head, head, clock_timestamp(), clock_timestamp())
        on conflict (incarnation) do update
          set renewals = leases.renewals + 1, told = excluded.told, renewed_at = excluded.renewed_at;
      else
        update leases set renewals = renewals + 1, told = head, renewed_at = clock_timestamp(),
          acknowledged = greatest(acknowledged, p_applied)
        where incarnation = p_incarnation;
      end if;
      is_fenced := not found;
      select count(*), count(*) filter (where incarnation < p_incarnation) into replicas, place
        from leases where renewals > 0 and renewed_at + ttl_ms * interval '1 millisecond' > clock_timestamp();
      database_ms := extract(epoch from clock_timestamp()) * 1000;
      return next;
    end $$;

    -- An acknowledgement that a crash forgets is only given again, so it need not wait for the disk.
    create function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'off', true);
      update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
      if not found then return false; end if;
      perform pg_notify('keywarden_acknowledged', p_seq::text);
      return true;
    end $$;

    create function look_at_leases() returns table (incarnation text, name text, ttl_ms integer, renewals bigint,
      told bigint, acknowledged bigint)
    language plpgsql volatile set search_path from current as $$
    begin
      perform current_epoch();
      return query select l.incarnation, l.name, l.ttl_ms, l.renewals, l.told, l.acknowledged from leases l;
    end $$;

    create function fence_lease(p_incarnation text, p_renewals bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'on', true);
      delete from leases where incarnation = p_incarnation and renewals = p_renewals;
      return found;
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function fence_lease(text, bigint); drop function look_at_leases();
    drop function acknowledge_changes(text, bigint);
    drop function renew_lease(text, text, integer, bigint, boolean); drop function current_epoch();
    alter table change_log drop column longest_ttl_ms; drop table epoch; drop table leases;
  `)
