-- Adds to the last requests of keys. p_entries: one text per key, its entries joined by line feeds, the
-- latest first.
create or replace function add_recent(p_day date, p_keys text[], p_entries text[]) returns void
language sql set search_path from current as $$
  insert into usage_recent as u (key_id, last_day, entries)
    select r.key_id, p_day, string_to_array(r.entries, E'\n')
    from unnest(p_keys, p_entries) with ordinality as r(key_id, entries, n) order by r.n
  on conflict (key_id) do update set
    last_day = greatest(u.last_day, excluded.last_day), entries = newest_entries(u.entries, excluded.entries)
$$;
