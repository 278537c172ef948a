-- Begins another epoch if a verifier with a lease has applied a change that the log does not have.
create or replace function notice_lost_changes(p_incarnation text, p_applied bigint) returns void
language plpgsql volatile set search_path from current as $$
begin
  perform current_epoch();
  if p_applied > newest_change() and exists (select from leases where incarnation = p_incarnation) then
    delete from epoch;
    perform current_epoch();
  end if;
end $$;
