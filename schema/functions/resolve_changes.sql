-- Confirms every change up to p_seq that is not confirmed yet, with the evidence, and records it in the audit
-- of each workspace whose keys it touched: in one statement, because a person waits for the answer to their
-- "Revoke". Refuses if the database has recovered since the evidence was read, as it may have lost changes.
create or replace function resolve_changes(p_seq bigint, p_epoch text, p_evidence jsonb, p_at text, p_actor jsonb)
returns table (seq bigint, confirmed_at timestamptz, receipt jsonb)
language plpgsql volatile set search_path from current as $$
declare
  resolved bigint[] := '{}';
begin
  if current_epoch() <> p_epoch then
    raise exception 'the database recovered after the leases were looked at';
  end if;
  for seq, confirmed_at, receipt in
    update changes c set confirmed_at = clock_timestamp(), receipt = p_evidence || jsonb_build_object(
      'tookMs', round(extract(epoch from clock_timestamp() - c.at) * 1000, 1))
    where c.seq <= p_seq and c.confirmed_at is null returning c.seq, c.confirmed_at, c.receipt
  loop
    resolved := resolved || seq;
    return next;
  end loop;
  perform audit_append(touched.workspace_id, json_strip_nulls(json_build_object('at', p_at,
      'event', 'key.change-confirmed', 'actor', p_actor, 'keyId', case when touched.keys = 1 then touched.one end,
      'details', jsonb_build_object('change', touched.seq, 'keys', touched.keys)
        || case when touched.keys > 1 then jsonb_build_object('of', touched.named) else '{}' end || touched.receipt))::text)
    from (select s.seq, k.workspace_id, count(*) as keys, min(k.id) as one,
        -- Enough for what people do at once; a job's largest batches would make an event too long.
        (array_agg(k.id order by k.id))[1:100] as named, min(c.receipt::text)::jsonb as receipt
      from change_subjects s join changes c on c.seq = s.seq join keys k on k.id = s.id
      where s.kind = 'key' and s.seq = any(resolved)
      group by s.seq, k.workspace_id order by k.workspace_id, s.seq) as touched;
end $$;
