import type { Knex } from 'knex'

/**
 * Of all the sources of all keys in use, the few that the clock asks about. Refusals that no scope explains are in an
 * index of their own. The hours in which a key had three sources or more are noted as the third appears: flushes that
 * touch one key wait for each other at its total, so the later one always sees the sources of the earlier.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create index usage_sources_refused on usage_sources (hour, key_id) where refused > refused_scope;

    create table usage_spread (
      hour timestamptz not null,
      key_id text not null,
      primary key (hour, key_id)
    );
    create function note_spread() returns trigger language plpgsql set search_path from current as $$
    begin
      insert into usage_spread (hour, key_id)
        select fresh.hour, fresh.key_id from (select distinct hour, key_id from new_sources) as fresh
        where (select count(*) from (
          select from usage_sources s where s.key_id = fresh.key_id and s.hour = fresh.hour limit 3) as few) = 3
        order by fresh.key_id
        on conflict do nothing;
      return null;
    end $$;
    create trigger usage_sources_spread after insert on usage_sources
      referencing new table as new_sources for each statement execute function note_spread();
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop trigger usage_sources_spread on usage_sources; drop function note_spread(); drop table usage_spread;
    drop index usage_sources_refused;
  `)
