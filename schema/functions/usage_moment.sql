-- The time column of a table that make_usage_partition and drop_usage_partitions may touch.
create or replace function usage_moment(p_parent text) returns text language plpgsql immutable as $$
begin
  case p_parent
    when 'usage_buckets' then return 'bucket';
    when 'usage_hours', 'usage_sources' then return 'hour';
    when 'usage_days' then return 'day';
    else raise exception '% is no table of usage', p_parent;
  end case;
end $$;
