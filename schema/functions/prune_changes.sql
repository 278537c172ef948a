-- Prunes up to p_max changes from the beginning of the log: those that are confirmed, acknowledged by every
-- lease, and older than p_kept_ms and than the longest lease ever. Returns how many. A verifier that lacks a
-- pruned change empties its memory (see renew_lease), so that a wrong guess costs at worst a cold memory.
create or replace function prune_changes(p_kept_ms double precision, p_max integer) returns integer
language plpgsql volatile set search_path from current as $$
declare
  upto bigint;
  gone integer;
begin
  select max(c.seq) into upto from (select seq, at from changes order by seq limit p_max) as c
    where c.at < clock_timestamp()
        - greatest(p_kept_ms, (select longest_ttl_ms from change_log)) * interval '1 millisecond'
      and c.seq <= coalesce((select min(acknowledged) from leases), c.seq)
      and c.seq < coalesce((select min(seq) from changes where confirmed_at is null), c.seq + 1);
  if upto is null then return 0; end if;
  update change_log set pruned_to = greatest(pruned_to, upto);
  delete from changes where seq <= upto;
  get diagnostics gone = row_count;
  return gone;
end $$;
