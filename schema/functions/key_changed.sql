-- Trigger: logs that a key changed or was deleted, under its old and its new token.
create or replace function key_changed() returns trigger language plpgsql set search_path from current as $$
begin
  if old.token_hash is not null then
    perform log_change('key', old.id, old.token_hash);
  end if;
  if tg_op = 'UPDATE' and new.token_hash is distinct from old.token_hash and old.token_hash is not null
    and new.token_hash is not null then
    perform log_change('key', new.id, new.token_hash);
  end if;
  return null;
end $$;
