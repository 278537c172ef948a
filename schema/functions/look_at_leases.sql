-- All leases, in an epoch that has begun.
create or replace function look_at_leases() returns table (incarnation text, name text, ttl_ms integer, renewals bigint,
  told bigint, acknowledged bigint)
language plpgsql volatile set search_path from current as $$
begin
  perform current_epoch();
  return query select l.incarnation, l.name, l.ttl_ms, l.renewals, l.told, l.acknowledged from leases l;
end $$;
