-- The newest 200 entries of two lists, each with the latest first.
create or replace function newest_entries(older text[], newer text[]) returns text[] language sql immutable as $$
  select case when newer[cardinality(newer)] collate "C" >= older[1] collate "C" then (newer || older)[1:200]
    else (select array_agg(e order by e collate "C" desc) from
      (select e from unnest(newer || older) as e order by e collate "C" desc limit 200) as latest) end
$$;
