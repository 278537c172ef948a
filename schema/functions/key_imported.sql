-- Trigger: logs that tokens were imported, which verifiers may remember as unknown.
create or replace function key_imported() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('import', 'tokens', null);
  return null;
end $$;
