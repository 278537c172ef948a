-- The log of changes is pruned from its beginning: what is confirmed, acknowledged by every lease there is,
-- and older than it is kept and than any lease ever was. A verifier that knows less than what was pruned
-- empties its memory (renew_lease says so), so the worst that a wrong guess could cost is a cold memory.
create or replace function prune_changes(p_kept_ms double precision, p_most integer) returns integer
language plpgsql volatile set search_path from current as $$
declare
  upto bigint;
  gone integer;
begin
  select max(c.seq) into upto from (select seq, at from changes order by seq limit p_most) as c
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
