import type { Knex } from 'knex'

/**
 * Appending runs with its owner's rights, so that a role which may call it needs no right on the tables. It looks
 * only where the tables are: objects that a caller made, temporary ones included, cannot stand in their place.
 * Refusals of an hour that is over are summed up in the chain once.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    do $$ begin
      execute format('alter function audit_append(text, text) set search_path = %I, pg_temp', current_schema());
    end $$;
    revoke execute on function audit_append(text, text) from public;

    alter table audit_refusals add column summed_up_at timestamptz;
    create index audit_refusals_to_sum_up on audit_refusals (hour) where summed_up_at is null and attempts > 1;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index audit_refusals_to_sum_up;
    alter table audit_refusals drop column summed_up_at;
    grant execute on function audit_append(text, text) to public;
  `)
