import type { Knex } from 'knex'

/** Notice that a key will be deactivated: given once a finding, and gone when the finding or the policy is. */
export const up = (knex: Knex) =>
  knex.raw(`
    create table deactivation_notices (
      workspace_id text not null references workspaces,
      kind text not null,
      key_id text not null references keys,
      given_at timestamptz not null,
      deactivate_at timestamptz not null,
      primary key (workspace_id, kind, key_id),
      check (deactivate_at > given_at)
    );
    create index deactivation_notices_due on deactivation_notices (workspace_id, kind, deactivate_at);
  `)

export const down = (knex: Knex) => knex.raw('drop table deactivation_notices')
