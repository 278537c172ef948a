-- Records that a verifier has applied the changes up to p_seq. It need not wait for the disk, since one that a
-- crash loses is given again. The notification names the incarnation, so that a process that waits for it need
-- not read the leases again.
create or replace function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
language plpgsql volatile set search_path from current as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  perform notice_lost_changes(p_incarnation, p_seq);
  update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
  if not found then return false; end if;
  perform pg_notify('keywarden_acknowledged', p_seq || ' ' || p_incarnation);
  return true;
end $$;
