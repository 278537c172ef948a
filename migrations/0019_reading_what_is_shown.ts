import type { Knex } from 'knex'

/**
 * One index per way of listing, finding and searching, each beginning with the workspace (and the owner, for whoever
 * sees only their own), so that a query reads about as many rows as it shows. Words are looked up by trigrams within
 * the workspace; the names nearest to a misspelt one come out of the index in their order.
 */
export const up = (knex: Knex) =>
  knex.raw(`
    create extension if not exists btree_gin;
    create extension if not exists btree_gist;
    drop index keys_by_likeness;
    create index keys_by_words on keys using gin (workspace_id, name_folded gin_trgm_ops) where status <> 'revoked';
    create index keys_by_nearness on keys using gist (workspace_id, name_folded gist_trgm_ops(siglen = 64))
      where status <> 'revoked';
    drop index keys_by_name;
    create index keys_by_name on keys (workspace_id, name_folded, created_at desc);
    drop index keys_by_integration;
    create index keys_by_integration on keys (workspace_id, lower(integration), created_at desc)
      where status <> 'revoked' and integration <> '';
    drop index keys_by_owner;
    create index keys_by_owner on keys (workspace_id, owner_id, name_folded, id) where status <> 'revoked';
    create index keys_of_owner_by_status on keys (workspace_id, owner_id, status, name_folded, id);
    create index keys_of_owner_by_expiry on keys (workspace_id, owner_id, expires_at, id)
      where status = 'active' and expires_at is not null;
    create index keys_of_owner_by_age on keys (workspace_id, owner_id, revealed_at, id)
      where status = 'active' and successor_id is null;
  `)

export const down = (knex: Knex) =>
  knex.raw(`
    drop index keys_of_owner_by_age; drop index keys_of_owner_by_expiry; drop index keys_of_owner_by_status;
    drop index keys_by_owner;
    create index keys_by_owner on keys (workspace_id, owner_id, name_folded) where status <> 'revoked';
    drop index keys_by_integration;
    create index keys_by_integration on keys (workspace_id, lower(integration))
      where status <> 'revoked' and integration <> '';
    drop index keys_by_name;
    create index keys_by_name on keys (workspace_id, name_folded, id);
    drop index keys_by_nearness; drop index keys_by_words;
    create index keys_by_likeness on keys using gin (name_folded gin_trgm_ops);
  `)
