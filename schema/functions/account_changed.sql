-- Trigger: logs that an account changed.
create or replace function account_changed() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('account', old.id, null);
  return null;
end $$;
