import type { Knex } from 'knex'

/**
 * A database may go back in time: a promoted standby that lacks changes, a dump that is restored, files that are put
 * back, a sequence that starts again. Numbers of changes then come again, and nobody may take what was said of the old
 * ones for the new ones.
 *
 * So an epoch holds where it was begun, since neither a dump nor a copy of the files empties it: in which cluster and
 * database, over which file of the log of changes, and since which start of the server. A clean restart looks like one
 * on older files and begins an epoch too. Who acknowledges a change that the log does not have begins one as well.
 *
 * A new epoch knows no lease of before: the ghost stands for all of them, whoever renews one begins again with an empty
 * memory, and no acknowledgement of before can be given any more. That goes for verifiers of the version before too.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    delete from epoch;
    alter table epoch drop column cluster, add column instance text not null;

    create function database_instance() returns text language sql stable set search_path from current as $$
      select concat_ws(' ', (select system_identifier from pg_control_system()),
        (select oid from pg_database where datname = current_database()), pg_relation_filenode('changes'),
        extract(epoch from pg_postmaster_start_time()))
    $$;

    create or replace function current_epoch() returns text language plpgsql set search_path from current as $$
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
        insert into leases (incarnation, name, ttl_ms, renewals, told, acknowledged, begun_at, renewed_at)
        select 'ghost:' || found_id, 'verifiers before the database recovered', longest_ttl_ms, 0, -1, -1,
          clock_timestamp(), clock_timestamp()
        from change_log where longest_ttl_ms > 0;
      else
        select id into found_id from epoch;
      end if;
      return found_id;
    end $$;

    create function newest_change() returns bigint language sql stable set search_path from current as $$
      select greatest(log.pruned_to, coalesce((select max(seq) from changes), 0)) from change_log log
    $$;

    -- Begins another epoch if somebody with a lease has applied a change that the log does not have.
    create function notice_lost_changes(p_incarnation text, p_applied bigint) returns void
    language plpgsql volatile set search_path from current as $$
    begin
      perform current_epoch();
      if p_applied > newest_change() and exists (select from leases where incarnation = p_incarnation) then
        delete from epoch;
        perform current_epoch();
      end if;
    end $$;

    create or replace function log_change(p_kind text, p_id text, p_token_hash bytea) returns void
    language plpgsql set search_path from current as $$
    declare
      current_seq bigint;
    begin
      -- Whoever has read up to a number has read everything before it: the order of numbers is that of commits.
      perform pg_advisory_xact_lock(4711002);
      current_seq := nullif(current_setting('keywarden.change', true), '')::bigint;
      if current_seq is null then
        -- A sequence that was put back is behind, and would draw a number that somebody has read past.
        current_seq := greatest(nextval('change_seq'), newest_change() + 1,
          (select max(greatest(told, acknowledged)) + 1 from leases));
        insert into changes (seq, at) values (current_seq, clock_timestamp());
        perform set_config('keywarden.change', current_seq::text, true);
        perform set_config('synchronous_commit', 'on', true);
        perform pg_notify('keywarden_changes', current_seq::text);
      end if;
      insert into change_subjects (seq, kind, id, token_hash)
      values (current_seq, p_kind, p_id, coalesce(p_token_hash, '')) on conflict do nothing;
    end $$;

    -- The newest change of some keys, and whether one of them is not as that change would have left it: not in the state
    -- that it was moved to, or further; without one, usable without an end and not in the log. The epoch comes first, so
    -- that a number never seems to be of a later one than it is.
    create function newest_change_of(p_keys text[], p_to text)
    returns table (seq bigint, epoch_id text, is_unchanged boolean)
    language plpgsql volatile set search_path from current as $$
    begin
      epoch_id := current_epoch();
      select (select max(s.seq) from change_subjects s where s.kind = 'key' and s.id = any(p_keys)),
        exists (select from keys k where k.id = any(p_keys) and case when p_to is null
          then k.status = 'active' and k.ends_at is null
            and not exists (select from change_subjects s where s.kind = 'key' and s.id = k.id)
          else k.status not in (p_to, 'revoked') end)
        into seq, is_unchanged;
      return next;
    end $$;

    -- Each statement of a volatile function sees what was committed before that statement: the lock comes first.
    create or replace function renew_lease(p_incarnation text, p_name text, p_ttl_ms integer, p_applied bigint,
      p_begin boolean)
    returns table (is_fenced boolean, epoch_id text, head bigint, pruned bigint, database_ms double precision,
      replicas integer, place integer)
    language plpgsql volatile set search_path from current as $$
    begin
      perform pg_advisory_xact_lock_shared(4711002);
      perform set_config('synchronous_commit', 'on', true);
      perform notice_lost_changes(p_incarnation, p_applied);
      epoch_id := current_epoch();
      head := newest_change();
      pruned := (select pruned_to from change_log);
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

    create or replace function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'off', true);
      perform notice_lost_changes(p_incarnation, p_seq);
      update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
      if not found then return false; end if;
      perform pg_notify('keywarden_acknowledged', p_seq || ' ' || p_incarnation);
      return true;
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    create or replace function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'off', true);
      update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
      if not found then return false; end if;
      perform pg_notify('keywarden_acknowledged', p_seq || ' ' || p_incarnation);
      return true;
    end $$;

    create or replace function renew_lease(p_incarnation text, p_name text, p_ttl_ms integer, p_applied bigint,
      p_begin boolean)
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

    create or replace function log_change(p_kind text, p_id text, p_token_hash bytea) returns void
    language plpgsql set search_path from current as $$
    declare
      current_seq bigint;
    begin
      perform pg_advisory_xact_lock(4711002);
      current_seq := nullif(current_setting('keywarden.change', true), '')::bigint;
      if current_seq is null then
        current_seq := nextval('change_seq');
        insert into changes (seq, at) values (current_seq, clock_timestamp());
        perform set_config('keywarden.change', current_seq::text, true);
        perform set_config('synchronous_commit', 'on', true);
        perform pg_notify('keywarden_changes', current_seq::text);
      end if;
      insert into change_subjects (seq, kind, id, token_hash)
      values (current_seq, p_kind, p_id, coalesce(p_token_hash, '')) on conflict do nothing;
    end $$;

    delete from epoch;
    alter table epoch drop column instance, add column cluster bigint not null;
    create or replace function current_epoch() returns text language plpgsql set search_path from current as $$
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
    drop function newest_change_of(text[], text); drop function notice_lost_changes(text, bigint);
    drop function newest_change(); drop function database_instance();
  `)
