-- The number of the newest change, even if it is pruned.
create or replace function newest_change() returns bigint language sql stable set search_path from current as $$
  select greatest(log.pruned_to, coalesce((select max(seq) from changes), 0)) from change_log log
$$;
