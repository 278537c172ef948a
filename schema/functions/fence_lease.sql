-- Ends a lease, unless it was renewed since it was read with p_renewals. Returns whether it did.
create or replace function fence_lease(p_incarnation text, p_renewals bigint) returns boolean
language plpgsql volatile set search_path from current as $$
begin
  perform set_config('synchronous_commit', 'on', true);
  delete from leases where incarnation = p_incarnation and renewals = p_renewals;
  return found;
end $$;
