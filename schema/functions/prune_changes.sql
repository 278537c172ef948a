-- Prunes up to p_max changes from the beginning of the log: those that are confirmed, acknowledged by every
-- lease, and older than p_kept_ms and than the longest lease. Returns how many. A verifier that lacks a
-- pruned change empties its memory (see renew_lease), so that a wrong guess costs at worst a cold memory.
create or replace function prune_changes(p_kept_ms double precision, p_max integer) returns integer
language plpgsql volatile set search_path from current as $$
declare
  upto bigint;
  gone integer;
begin
  -- A length that nobody was granted for as long is forgotten: a long lease of long ago must not cost every recovery.
  update lease_lengths known set granted_at = latest.renewed_at
    from (select ttl_ms, max(renewed_at) as renewed_at from leases where renewals > 0 group by ttl_ms) as latest
    where latest.ttl_ms = known.ttl_ms and latest.renewed_at > known.granted_at;
  delete from lease_lengths
    where granted_at < clock_timestamp() - greatest(p_kept_ms, 2 * ttl_ms) * interval '1 millisecond';
  select max(c.seq) into upto from (select seq, at from changes order by seq limit p_max) as c
    where c.at < clock_timestamp()
        - greatest(p_kept_ms, (select max(ttl_ms) from lease_lengths)) * interval '1 millisecond'
      and c.seq <= coalesce((select min(acknowledged) from leases), c.seq)
      and c.seq < coalesce((select min(seq) from changes where confirmed_at is null), c.seq + 1);
  if upto is null then return 0; end if;
  update change_log set pruned_to = greatest(pruned_to, upto);
  delete from changes where seq <= upto;
  get diagnostics gone = row_count;
  return gone;
end $$;
