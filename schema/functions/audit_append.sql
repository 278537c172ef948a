-- Appends an event to the chain of a workspace and returns its number. It runs with its owner's rights, so
-- that a role which may call it needs no right on the tables.
create or replace function audit_append(p_workspace text, p_body text) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  head audit_heads;
  parsed jsonb := p_body::jsonb;
  next_hash bytea;
begin
  insert into audit_heads values (p_workspace, 0, decode(repeat('00', 32), 'hex')) on conflict do nothing;
  select * into head from audit_heads where workspace_id = p_workspace for update;
  -- Over the digest of the text, so that an export can leave the text out and its hash still be computed.
  next_hash := sha256(convert_to(
    E'2\n' || p_workspace || E'\n' || (head.seq + 1) || E'\n' || encode(head.hash, 'hex') || E'\n'
      || encode(sha256(convert_to(p_body, 'UTF8')), 'hex'), 'UTF8'));
  insert into audit_events (workspace_id, seq, at, event, actor_kind, actor_id, key_id, body, previous_hash, hash)
  values (p_workspace, head.seq + 1, (parsed->>'at')::timestamptz, parsed->>'event', parsed#>>'{actor,kind}',
    parsed#>>'{actor,id}', parsed->>'keyId', p_body, head.hash, next_hash);
  update audit_heads set seq = head.seq + 1, hash = next_hash where workspace_id = p_workspace;
  return head.seq + 1;
end $$;
revoke execute on function audit_append(text, text) from public;
