-- Makes the partition of [p_from, p_to) and moves its rows from the default partition. Returns false if it
-- exists. Runs with its owner's rights, since the role of a running program owns no tables.
create or replace function make_usage_partition(p_parent text, p_from timestamptz, p_to timestamptz) returns boolean
language plpgsql security definer set search_path from current as $$
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
revoke execute on function make_usage_partition(text, timestamptz, timestamptz) from public;
