-- Counts a batch of outcomes once. Returns which of its keys belong to the account, so that only these get the
-- batch's requests among their last ones; null for a batch that was counted before.
create or replace function take_outcomes(p_account text, p_batch text, p_at timestamptz, p_names text[],
  p_endpoints integer[], p_classes smallint[], p_buckets integer[], p_keys text[], p_counts bigint[])
returns text[] language plpgsql set search_path from current as $$
declare
  known text[];
begin
  insert into usage_batches (account_id, batch_id, at) values (p_account, p_batch, p_at) on conflict do nothing;
  if not found then return null; end if;
  select array_agg(k.id) into known from keys k join workspaces w on w.id = k.workspace_id
    where k.id = any(array(select distinct unnest(p_keys))) and w.account_id = p_account;
  if known is null then return '{}'; end if;
  perform add_usage('outcome', p_names, array_agg(r.endpoint order by r.n), array_agg(r.class order by r.n),
      array_agg(r.bucket order by r.n), array_agg(r.key_id order by r.n), array_agg(r.requests order by r.n))
    from unnest(p_endpoints, p_classes, p_buckets, p_keys, p_counts) with ordinality
      as r(endpoint, class, bucket, key_id, requests, n)
    join unnest(known) as k(id) on k.id = r.key_id;
  return known;
end $$;
