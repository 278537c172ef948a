-- Trigger: logs that a table was emptied, and with it everything that verifiers remember.
create or replace function everything_changed() returns trigger language plpgsql set search_path from current as $$
begin
  perform log_change('all', tg_table_name, null);
  return null;
end $$;
