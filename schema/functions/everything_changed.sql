-- Trigger: logs that a table was emptied, so that verifiers forget everything.
create or replace function everything_changed() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('all', tg_table_name, null);
  return null;
end $$;
