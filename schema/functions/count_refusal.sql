-- Counts a refused attempt by hour and returns how many there were. It runs with its owner's rights, so that a role
-- which may call it cannot lower or drop a count. A count that is summed up already begins again.
create or replace function count_refusal(
  p_workspace text, p_actor text, p_action text, p_code text, p_key text, p_hour timestamptz) returns bigint
language sql security definer set search_path from current as $$
  insert into audit_refusals as r (workspace_id, actor_id, action, code, key_id, hour, attempts)
  values (p_workspace, p_actor, p_action, p_code, p_key, p_hour, 1)
  on conflict (workspace_id, actor_id, action, code, key_id, hour) do update set
    attempts = case when r.summed_up_at is null then r.attempts + 1 else 1 end, summed_up_at = null
  returning attempts
$$;
revoke execute on function count_refusal(text, text, text, text, text, timestamptz) from public;
