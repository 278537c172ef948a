-- The newest change of some keys, and whether one of them is not as that change would have left it: not in
-- the state that it was moved to, or further; without one, usable without an end and not in the log. The
-- epoch comes first, so that a number never seems to be of a later one than it is.
create or replace function newest_change_of(p_keys text[], p_to text)
returns table (seq bigint, epoch_id text, is_unchanged boolean)
language plpgsql volatile set search_path from current as $$
begin
  epoch_id := current_epoch();
  select (select max(s.seq) from change_subjects s where s.kind = 'key' and s.id = any(p_keys)),
    exists (select from keys k where k.id = any(p_keys) and case when p_to is null
      then k.status = 'active' and k.ends_at is null
        and not exists (select from change_subjects s where s.kind = 'key' and s.id = k.id)
      else k.status not in (p_to, 'revoked') end)
    into seq, is_unchanged;
  return next;
end $$;
