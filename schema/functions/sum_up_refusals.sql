-- Puts the repeats of at most p_limit counts from before p_hour into the chains, and returns of how many. The count and
-- the event are one transaction, with the owner's rights: no count is taken for summed up whose sum is not in the chain.
create or replace function sum_up_refusals(p_now timestamptz, p_hour timestamptz, p_limit integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  one audit_refusals;
  summed integer := 0;
begin
  for one in
    select * from audit_refusals where hour < p_hour and summed_up_at is null and attempts > 1
    order by workspace_id, hour limit p_limit for update skip locked
  loop
    update audit_refusals set summed_up_at = p_now
    where (workspace_id, actor_id, action, code, key_id, hour)
      = (one.workspace_id, one.actor_id, one.action, one.code, one.key_id, one.hour);
    perform audit_append(one.workspace_id, (jsonb_strip_nulls(jsonb_build_object(
      'at', to_char(p_now at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'event', 'attempt.repeated',
      'actor', jsonb_build_object('kind', 'member', 'id', one.actor_id),
      'keyId', nullif(one.key_id, ''),
      'details', jsonb_build_object('action', one.action, 'code', one.code,
        'hour', to_char(one.hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'attempts', one.attempts - 1))))::text);
    summed := summed + 1;
  end loop;
  return summed;
end $$;
revoke execute on function sum_up_refusals(timestamptz, timestamptz, integer) from public;
