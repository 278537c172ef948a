-- Trigger: keeps the sources of a key whose client it did not have until a day ago, to be judged within seconds.
-- Only where sources have been kept for a week: before that none of them is new.
create or replace function note_new_clients() returns trigger language plpgsql set search_path from current as $$
begin
  insert into fresh_sources (key_id, hour, network, client, is_new_network, first_at)
    select c.key_id, c.hour, c.network, c.client, not exists (select from key_sources s
        where s.key_id = c.key_id and s.source = 'network ' || c.network and s.first_at < c.hour - interval '1 day'), c.last_at
    from counted c
    where c.network not in ('unknown', 'other') and c.client not in ('unknown', 'other')
      and not exists (select from key_sources s
        where s.key_id = c.key_id and s.source = 'client ' || c.client and s.first_at < c.hour - interval '1 day')
      and exists (select from key_sources s where s.key_id = c.key_id and s.first_at <= c.hour - interval '7 days')
    on conflict do nothing;
  return null;
end $$;
