-- Trigger: logs that a service token changed or was deleted.
create or replace function service_token_changed() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('service-token', old.id, old.token_hash);
  return null;
end $$;
