-- Trigger: records the hours in which a key has three sources or more. Merges run one at a time, so that a
-- later one always sees the sources of the earlier one.
create or replace function note_spread() returns trigger language plpgsql set search_path from current as $$
begin
  insert into usage_spread (hour, key_id)
    select fresh.hour, fresh.key_id from (select distinct hour, key_id from new_sources) as fresh
    where (select count(*) from (
      select from usage_sources s where s.key_id = fresh.key_id and s.hour = fresh.hour limit 3) as few) = 3
    order by fresh.key_id
    on conflict do nothing;
  return null;
end $$;
