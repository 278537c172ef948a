-- Sums up the requests between the step's watermark and p_through, and moves the watermark there. Returns how
-- many rows it wrote.
create or replace function roll_up_usage(p_step text, p_through timestamptz) returns bigint
language plpgsql set search_path from current as $$
declare
  since timestamptz;
  written bigint;
begin
  perform pg_advisory_xact_lock(4711003);
  select through into since from usage_rollups where step = p_step for update;
  if since >= p_through then return 0; end if;
  if p_step = 'hour' then
    insert into usage_hours (key_id, hour, endpoint_id, source, class, requests)
      select key_id, date_bin('1 hour', bucket, 'epoch'), endpoint_id, source, class, sum(requests)
      from usage_buckets where bucket >= since and bucket < p_through group by 1, 2, 3, 4, 5;
  else
    if p_through > (select through from usage_rollups where step = 'hour') then
      raise exception 'days are summed up from hours, which are not there yet';
    end if;
    insert into usage_days (key_id, day, endpoint_id, source, class, requests)
      select key_id, date_bin('1 day', hour, 'epoch'), endpoint_id, source, class, sum(requests)
      from usage_hours where hour >= since and hour < p_through group by 1, 2, 3, 4, 5;
  end if;
  get diagnostics written = row_count;
  update usage_rollups set through = p_through where step = p_step;
  return written;
end $$;
