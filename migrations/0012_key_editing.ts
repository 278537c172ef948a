import type { Knex } from 'knex'

/**
 * A version per key, so that an edit of something that changed meanwhile is noticed; and an index per way of
 * listing, so that a page reads no more than it shows.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    alter table keys add column version integer not null default 1;
    create index keys_by_status on keys (workspace_id, status, name_folded, id);
    create index keys_by_workspace_expiry on keys (workspace_id, expires_at, id)
      where status = 'active' and expires_at is not null;
    create index keys_by_age on keys (workspace_id, revealed_at, id) where status = 'active' and successor_id is null;
    create index keys_by_integration on keys (workspace_id, lower(integration))
      where status <> 'revoked' and integration <> '';
    create index keys_live_by_name on keys (workspace_id, name_folded, id) where status <> 'revoked';
    create index keys_unrevealed on keys (created_at) where status = 'unrevealed';
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index keys_unrevealed; drop index keys_live_by_name; drop index keys_by_integration; drop index keys_by_age;
    drop index keys_by_workspace_expiry; drop index keys_by_status;
    alter table keys drop column version;
  `)
