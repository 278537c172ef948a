-- Deletes counts from before p_before of which the chain holds everything: a single attempt, or one that is summed up.
create or replace function forget_refusals(p_before timestamptz) returns void
language sql security definer set search_path from current as $$
  delete from audit_refusals where hour < p_before and (attempts = 1 or summed_up_at is not null)
$$;
revoke execute on function forget_refusals(timestamptz) from public;
