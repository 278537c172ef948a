-- The epoch of this database. Begins another when there is none or it belongs to another instance. A new epoch
-- has no earlier lease: a ghost represents all of them, a verifier that renews one begins again with an empty
-- memory, and earlier changes can no longer be acknowledged.
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
    insert into leases (incarnation, name, ttl_ms, renewals, head_at_renewal, acknowledged, begun_at, renewed_at)
    select 'ghost:' || found_id, 'verifiers before the database recovered', max(ttl_ms), 0, -1, -1,
      clock_timestamp(), clock_timestamp()
    from lease_lengths having count(*) > 0;
  else
    select id into found_id from epoch;
  end if;
  return found_id;
end $$;
