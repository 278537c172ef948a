-- Logs a subject that this transaction changed; all its subjects share one number. The wait for the disk is
-- forced on: an acknowledged change must survive a crash.
create or replace function log_change(p_kind text, p_id text, p_token_hash bytea) returns void
language plpgsql set search_path from current as $$
declare
  current_seq bigint;
begin
  -- Numbers follow the order of commits, so that a reader of a number has read everything before it.
  perform pg_advisory_xact_lock(4711002);
  current_seq := nullif(current_setting('keywarden.change', true), '')::bigint;
  if current_seq is null then
    -- A sequence that was reset would draw a number that verifiers have already read past.
    current_seq := greatest(nextval('change_seq'), newest_change() + 1,
      (select max(greatest(head_at_renewal, acknowledged)) + 1 from leases));
    insert into changes (seq, at, request_id)
    values (current_seq, clock_timestamp(), nullif(current_setting('keywarden.request', true), ''));
    perform set_config('keywarden.change', current_seq::text, true);
    perform set_config('synchronous_commit', 'on', true);
    perform pg_notify('keywarden_changes', current_seq::text);
  end if;
  insert into change_subjects (seq, kind, id, token_hash)
  values (current_seq, p_kind, p_id, coalesce(p_token_hash, '')) on conflict do nothing;
end $$;
