-- The newest change of some keys, and is_unchanged if the change is missing on one of them: its status is
-- neither p_to nor revoked; or it is active without an end and p_to is 'ending', or p_to is null and it is not in
-- the log either. The epoch is read first, so that a number is never taken for one of a later epoch.
create or replace function newest_change_of(p_keys text[], p_to text)
returns table (seq bigint, epoch_id text, is_unchanged boolean)
language plpgsql volatile set search_path from current as $$
begin
  epoch_id := current_epoch();
  select (select max(s.seq) from change_subjects s where s.kind = 'key' and s.id = any(p_keys)),
    exists (select from keys k where k.id = any(p_keys) and case
      when p_to = 'ending' then k.status = 'active' and k.ends_at is null
      when p_to is null then k.status = 'active' and k.ends_at is null
        and not exists (select from change_subjects s where s.kind = 'key' and s.id = k.id)
      else k.status not in (p_to, 'revoked') end)
    into seq, is_unchanged;
  return next;
end $$;
