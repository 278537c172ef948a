import type { Knex } from 'knex'

/**
 * Partitions of usage are made and dropped by functions that run with their owner's rights, since the role of a
 * running program owns no tables. They touch nothing but usage, and drop nothing that is not yet summed up. They
 * look only where the tables are: objects that a caller made cannot stand in their place.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    -- The column that says when, of those tables that the functions below may touch.
    create function usage_moment(p_parent text) returns text language plpgsql immutable as $$
    begin
      case p_parent
        when 'usage_buckets' then return 'bucket';
        when 'usage_hours', 'usage_sources' then return 'hour';
        when 'usage_days' then return 'day';
        else raise exception '% is no table of usage', p_parent;
      end case;
    end $$;

    -- Makes the partition of [p_from, p_to) and moves into it what waits in the default partition. False: it is there.
    create function make_usage_partition(p_parent text, p_from timestamptz, p_to timestamptz) returns boolean
    language plpgsql security definer as $$
    declare
      part text := p_parent || '_' || to_char(p_from at time zone 'UTC', 'YYYYMMDD');
      rest text := p_parent || '_rest';
      moment text := usage_moment(p_parent);
      by_time text;
    begin
      if to_regclass(part) is not null then return false; end if;
      execute format('lock table %I in access exclusive mode', rest);
      -- Rows that are counted up find room for their next version on their own page.
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

    -- Drops the partitions that end at p_before or earlier, and as old rows of the default partition. Returns how
    -- many partitions went.
    create function drop_usage_partitions(p_parent text, p_before timestamptz) returns integer
    language plpgsql security definer as $$
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
          (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''(.*)''\\)'))[1]::timestamptz as upto
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

    do $$ begin
      execute format('alter function make_usage_partition(text, timestamptz, timestamptz) set search_path = %I, pg_temp',
        current_schema());
      execute format('alter function drop_usage_partitions(text, timestamptz) set search_path = %I, pg_temp',
        current_schema());
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function drop_usage_partitions(text, timestamptz);
    drop function make_usage_partition(text, timestamptz, timestamptz);
    drop function usage_moment(text);
  `)
