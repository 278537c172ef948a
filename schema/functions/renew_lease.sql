-- Begins or renews a lease. The lock comes first, since each statement of a volatile function sees what was
-- committed before that statement.
create or replace function renew_lease(p_incarnation text, p_name text, p_ttl_ms integer, p_applied bigint,
  p_begin boolean)
returns table (is_fenced boolean, epoch_id text, head bigint, pruned bigint, database_ms double precision,
  replicas integer, place integer)
language plpgsql volatile set search_path from current as $$
begin
  perform pg_advisory_xact_lock_shared(4711002);
  perform set_config('synchronous_commit', 'on', true);
  perform notice_lost_changes(p_incarnation, p_applied);
  epoch_id := current_epoch();
  head := newest_change();
  pruned := (select pruned_to from change_log);
  if p_begin then
    -- Verifiers that begin at once need not wait for each other here.
    if not exists (select from lease_lengths
        where ttl_ms = p_ttl_ms and granted_at > clock_timestamp() - interval '1 hour') then
      insert into lease_lengths as known (ttl_ms, granted_at) values (p_ttl_ms, clock_timestamp())
        on conflict (ttl_ms) do update set granted_at = clock_timestamp();
    end if;
    insert into leases (incarnation, name, ttl_ms, renewals, head_at_renewal, acknowledged, begun_at, renewed_at)
    values (p_incarnation, p_name, p_ttl_ms, 1, head, head, clock_timestamp(), clock_timestamp())
    on conflict (incarnation) do update
      set renewals = leases.renewals + 1, head_at_renewal = excluded.head_at_renewal, renewed_at = excluded.renewed_at;
  else
    update leases set renewals = renewals + 1, head_at_renewal = head, renewed_at = clock_timestamp(),
      acknowledged = greatest(acknowledged, p_applied)
    where incarnation = p_incarnation;
  end if;
  is_fenced := not found;
  select count(*), count(*) filter (where incarnation < p_incarnation) into replicas, place
    from leases where renewals > 0 and renewed_at + ttl_ms * interval '1 millisecond' > clock_timestamp();
  database_ms := extract(epoch from clock_timestamp()) * 1000;
  return next;
end $$;
