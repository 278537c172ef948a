-- Trigger: logs that a workspace changed.
create or replace function workspace_changed() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('workspace', old.id, null);
  return null;
end $$;
