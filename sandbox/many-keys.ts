import type { Database } from '../src/foundation/database.ts'

const vendors = 'salesforce hubspot stripe zendesk shopify twilio okta github jira notion slack sap'.split(
  ' ',
)
const uses = 'sync export billing webhook reader backup reports importer staging mobile crm search'.split(' ')

/**
 * Puts that many keys into a workspace: names in every mixture of vendor and use, nine of ten active, one of twenty
 * about to expire, one of six due for rotation, one of a hundred expired, and most of them used. The same every time.
 */
export async function insertManyKeys(
  db: Database,
  workspaceId: string,
  count: number,
  now: Date,
  ownerIds: readonly string[],
): Promise<void> {
  // A statement may take ten seconds, on a busy machine too.
  for (let from = 1; from <= count; from += chunk)
    await insertSome(db, {
      workspace: workspaceId,
      from,
      to: Math.min(count, from + chunk - 1),
      now,
      owners: ownerIds,
    })
  await db.raw('analyze keys, key_usage')
}

const chunk = 2_500

type Some = { workspace: string; from: number; to: number; now: Date; owners: readonly string[] }

async function insertSome(db: Database, some: Some): Promise<void> {
  await db.raw(
    `insert into keys (id, workspace_id, name, name_folded, integration, scopes, status, hint, token_hash, owner_id,
       created_by, created_at, revealed_by, revealed_at, lifetime_days, expires_at, status_changed_at, status_changed_by)
     select 'key_' || substr(md5(n || :workspace), 1, 20), :workspace, name, lower(name), vendor, array['read'],
       status, 'tml_' || substr(translate(md5(n || 'h'), '01', 'zy'), 1, 4) || '...',
       sha256((n || :workspace)::bytea), owner, owner, revealed, owner, revealed, 365,
       case when n % 20 = 0 then :now::timestamptz + (n % 173) * interval '4 hours'
            when n % 100 = 7 then :now::timestamptz - (n % 17) * interval '1 day'
            else :now::timestamptz + interval '200 days' + (n % 1000) * interval '1 hour' end,
       revealed, owner
     from (
       select n, vendor, initcap(vendor) || ' ' || use || ' ' || n as name,
         case when n % 10 = 3 then 'inactive' else 'active' end as status,
         (:owners::text[])[1 + (n / 7) % cardinality(:owners::text[])] as owner,
         :now::timestamptz - (case when n % 6 = 1 then 91 else n % 89 end) * interval '1 day'
           - (n % 1440) * interval '1 minute' as revealed
       from generate_series(:from::int, :to::int) n,
         lateral (select (:vendors::text[])[1 + (n * 7) % cardinality(:vendors::text[])] as vendor,
                         (:uses::text[])[1 + (n * 11 / 5) % cardinality(:uses::text[])] as use) words
     ) rows`,
    { ...some, vendors, uses },
  )
  await db.raw(
    `insert into key_usage (key_id, requests, first_used_at, last_used_at)
     select id, length(name) * 37, revealed_at, :now::timestamptz - interval '1 hour' from keys
     where workspace_id = :workspace and right(id, 1) <> '0' and revealed_at < :now::timestamptz - interval '2 hours'
     on conflict do nothing`,
    some,
  )
}
