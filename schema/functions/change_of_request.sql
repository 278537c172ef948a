-- The change of one act, by the id of its request. None and is_lost if the act is not there at all; none alone if
-- it changed nothing that verifiers remember, or was pruned. The epoch is read first, so that a number is never taken for one of a later epoch.
create or replace function change_of_request(p_request text)
returns table (seq bigint, epoch_id text, is_lost boolean)
language plpgsql volatile set search_path from current as $$
begin
  epoch_id := current_epoch();
  select max(c.seq) into seq from changes c where c.request_id = p_request;
  is_lost := seq is null
    and not exists (select from acts_done d where d.request_id = p_request and not d.is_barred);
  return next;
end $$;
