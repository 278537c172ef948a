import type { Knex } from 'knex'

/** Verifiers remember an account beside its service tokens, so whatever changes there is theirs to learn. */
export const up = (knex: Knex) =>
  knex.raw(`
    drop trigger accounts_change on accounts;
    create constraint trigger accounts_change after update on accounts deferrable initially deferred for each row
      when (old.* is distinct from new.*) execute function account_changed();
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop trigger accounts_change on accounts;
    create constraint trigger accounts_change after update on accounts deferrable initially deferred for each row
      when (old.suspended_at is distinct from new.suspended_at) execute function account_changed();
  `)
