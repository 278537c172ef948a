import type { Knex } from 'knex'

/**
 * Who confirms hears from each acknowledgement whose it is, so that nobody has to look at the leases again before a
 * confirmation. What was looked at belongs to an epoch: a database that recovered meanwhile may have lost it, and
 * refuses the confirmation. What came before stays for processes that have not been upgraded yet.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create or replace function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'off', true);
      update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
      if not found then return false; end if;
      perform pg_notify('keywarden_acknowledged', p_seq || ' ' || p_incarnation);
      return true;
    end $$;

    create function settle_changes(p_seq bigint, p_epoch text, p_evidence jsonb, p_at text, p_actor jsonb)
    returns table (seq bigint, confirmed_at timestamptz, receipt jsonb)
    language plpgsql volatile set search_path from current as $$
    begin
      if current_epoch() <> p_epoch then
        raise exception 'the database recovered after the leases were looked at';
      end if;
      return query select * from settle_changes(p_seq, p_evidence, p_at, p_actor);
    end $$;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop function settle_changes(bigint, text, jsonb, text, jsonb);
    create or replace function acknowledge_changes(p_incarnation text, p_seq bigint) returns boolean
    language plpgsql volatile set search_path from current as $$
    begin
      perform set_config('synchronous_commit', 'off', true);
      update leases set acknowledged = greatest(acknowledged, p_seq) where incarnation = p_incarnation;
      if not found then return false; end if;
      perform pg_notify('keywarden_acknowledged', p_seq::text);
      return true;
    end $$;
  `)
