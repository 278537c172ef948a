-- All leases. Begins an epoch first if there is none.
create or replace function read_leases() returns table (incarnation text, name text, ttl_ms integer, renewals bigint,
  head_at_renewal bigint, acknowledged bigint)
language plpgsql volatile set search_path from current as $$
begin
  perform current_epoch();
  return query select l.incarnation, l.name, l.ttl_ms, l.renewals, l.head_at_renewal, l.acknowledged from leases l;
end $$;
