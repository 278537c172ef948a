-- Drops the partitions that end at p_before or earlier, and deletes rows as old from the default partition, but
-- nothing that is not yet summed up. Returns how many partitions were dropped. Runs with its owner's rights,
-- since the role of a running program owns no tables.
create or replace function drop_usage_partitions(p_parent text, p_before timestamptz) returns integer
language plpgsql security definer set search_path from current as $$
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
revoke execute on function drop_usage_partitions(text, timestamptz) from public;
