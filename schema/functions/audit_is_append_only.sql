-- Trigger: refuses updates and deletions of audit events.
create or replace function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'audit events are append-only';
end $$;
