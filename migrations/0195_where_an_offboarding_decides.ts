import type { Knex } from 'knex'

/**
 * An offboarding ends keys in every workspace of an account, and whoever asks for it is in charge of some of them. In
 * `decides_in` their mode, successor and choices hold; elsewhere the policy there does. In `keeps_role_in` the leaver's
 * role stays, since nobody who asked may end it. Of what was asked for before, its own workspace is known.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table offboardings
      add column decides_in text[] not null default '{}',
      add column keeps_role_in text[] not null default '{}';
    update offboardings set decides_in = case
      when requested_by like 'operator:%'
        then array(select id from workspaces w where w.account_id = offboardings.account_id)
      when requested_by like 'job:%' then '{}'
      else array[workspace_id] end;
  `)

export const down = (knex: Knex) =>
  knex.raw('alter table offboardings drop column decides_in, drop column keeps_role_in')
