-- Trigger: refuses every other change of the audit.
create or replace function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'audit events are append-only';
end $$;
