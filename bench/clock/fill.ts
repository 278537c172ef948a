import { administer } from '../../test/setup/administer.ts'

export const now = new Date('2026-06-15T10:00:00Z')
export const workspaceId = 'ws_bench'

/**
 * A workspace with that many keys, all in use. The due ones are spread over the kinds: near half expires or is
 * overdue for rotation; the rest is idle, may write for ever, belongs to somebody who has left, was revoked and is
 * still presented, is shared by several systems, was confirmed by nobody in a review, or was reported as leaked. Every
 * key was used in the last hour from one or two networks.
 */
export async function fillKeys(url: string, keys: number, due: number): Promise<void> {
  await administer(
    url,
    `insert into accounts values ('acc_bench', 'T0BENCH001', 'Bench', '${now.toISOString()}')`,
  )
  const policy = JSON.stringify({ maximumLifetimeDays: 3650 })
  await administer(
    url,
    `insert into workspaces (id, account_id, name, name_folded, policy, created_at)
     values ('${workspaceId}', 'acc_bench', 'Bench', 'bench', '${policy}', '${now.toISOString()}')`,
  )
  // Filling would take minutes with indexes in place and with what tells verifiers of every key.
  const indexes = await administer(
    url,
    `select indexname, indexdef from pg_indexes where tablename = 'keys'
     and not exists (select from pg_constraint where conname = indexname)`,
  )
  for (const { indexname } of indexes) await administer(url, `drop index ${indexname}`)
  await administer(url, 'alter table keys disable trigger user')
  await administer(url, insertKeys, [now.toISOString(), keys, due])
  await administer(url, 'alter table keys enable trigger user')
  // What finds names by their parts takes longest to build, and no deadline asks for it.
  for (const { indexdef } of indexes) if (!indexdef?.includes('gin_trgm')) await administer(url, indexdef!)
  await administer(
    url,
    `insert into key_usage (key_id, requests, first_used_at, last_used_at)
     select id, 1000, revealed_at, case when owner_id = 'UIDLE' then $1::timestamptz - interval '70 days' else $1::timestamptz - random() * interval '5 days' end from keys`,
    [now.toISOString()],
  )
  await administer(
    url,
    `insert into departures values ('${workspaceId}', 'ULEFT', $1::timestamptz - interval '1 day')`,
    [now.toISOString()],
  )
  await fillSources(url)
  await fillReview(url)
  await fillLeaks(url)
  await administer(url, 'vacuum analyze')
}

/** The hours in which a key had several sources are noted by a trigger of each flush; here all keys come at once. */
async function fillSources(url: string): Promise<void> {
  await administer(url, 'alter table usage_sources disable trigger user')
  await administer(
    url,
    `insert into usage_sources (key_id, hour, network, client, requests, refused, refused_scope, last_at)
     select id, $1::timestamptz - interval '1 hour', '203.' || n || '.113.0/24', 'client-' || n, 10,
       case when status = 'revoked' then 10 else 0 end, 0, $1::timestamptz - interval '5 minutes'
     from keys cross join lateral generate_series(1, case
       when owner_id = 'USHARED' then 5 when owner_id = 'UIDLE' then 0 else 1 + length(id) % 2 end) as n`,
    [now.toISOString()],
  )
  await administer(
    url,
    `insert into usage_spread (hour, key_id)
     select hour, key_id from usage_sources group by hour, key_id having count(*) >= 3`,
  )
  await administer(url, 'alter table usage_sources enable trigger user')
}

/** A review of every key whose answers are due: all but a few were confirmed. */
async function fillReview(url: string): Promise<void> {
  await administer(
    url,
    `insert into reviews (id, workspace_id, begun_at, begun_by, answer_by)
     values ('rev_bench', '${workspaceId}', $1::timestamptz - interval '20 days', 'job:reviews', $1::timestamptz - interval '6 days')`,
    [now.toISOString()],
  )
  await administer(
    url,
    `insert into review_keys (review_id, key_id, answer_by, closed_at)
     select 'rev_bench', id, $1::timestamptz - interval '6 days',
       case when owner_id = 'UMUTE' then null else $1::timestamptz - interval '10 days' end from keys`,
    [now.toISOString()],
  )
}

/** One report for each key that leaked, of which policy only tells. */
async function fillLeaks(url: string): Promise<void> {
  await administer(
    url,
    `with reported as (
       insert into leak_reports (id, account_id, reporter, reference, evidence, reported_at)
       select 'report_' || id, 'acc_bench', 'job:scanner', id, 'scanner', $1::timestamptz - interval '1 hour'
       from keys where owner_id = 'ULEAKED' returning id, reference, reported_at)
     insert into leaks (report_id, key_id, workspace_id, token_hash, is_whole, reported_at, action, acted_at)
     select r.id, k.id, k.workspace_id, k.token_hash, true, r.reported_at, 'notify', r.reported_at
     from reported r join keys k on k.id = r.reference`,
    [now.toISOString()],
  )
}

/**
 * `n % 20` chooses among the due what is due: of each 20, 5 expire, 5 are due for rotation, 2 are idle, 2 may write for
 * ever, 2 have no owner, 1 is dead and in use, 1 is shared, 1 was not confirmed, 1 leaked.
 */
const insertKeys = `
  insert into keys (id, workspace_id, name, name_folded, scopes, status, hint, token_hash, owner_id, created_by,
    created_at, revealed_by, revealed_at, lifetime_days, expires_at, status_changed_at, status_changed_by, used_by_then)
  select 'key_' || n, '${workspaceId}', 'Key ' || n, 'key ' || n,
    case when kind = 'write' then array['write'] else array['read'] end, case kind when 'dead' then 'revoked' else 'active' end, 'tml_' || lpad((n % 10000)::text, 4, '0') || '...',
    sha256(n::text::bytea), owner, owner, revealed, owner, revealed, null,
    case kind when 'write' then null when 'expiring' then $1::timestamptz + ((n % 35) - 5) * interval '1 day' - interval '1 hour'
      else $1::timestamptz + interval '400 days' end,
    case kind when 'dead' then $1::timestamptz - interval '2 days' else revealed end, owner,
    case kind when 'idle' then $1::timestamptz - interval '70 days' else $1::timestamptz - random() * interval '25 days' end
  from (
    select n, kind,
      case kind when 'orphaned' then 'ULEFT' when 'idle' then 'UIDLE' when 'shared' then 'USHARED' when 'mute' then 'UMUTE' when 'leaked' then 'ULEAKED' else 'U' || (n % 500) end as owner,
      $1::timestamptz - case kind when 'rotation' then interval '80 days' + (n % 40) * interval '1 day'
        when 'idle' then interval '72 days' when 'mute' then interval '40 days' else random() * interval '60 days' end as revealed
    from (
      select n, case when n > $3::int then 'quiet' when n % 20 < 5 then 'expiring' when n % 20 < 10 then 'rotation'
        when n % 20 < 12 then 'idle' when n % 20 < 14 then 'write' when n % 20 < 16 then 'orphaned'
        when n % 20 < 17 then 'dead' when n % 20 < 18 then 'shared' when n % 20 < 19 then 'mute' else 'leaked' end as kind
      from generate_series(1, $2::int) as n
    ) as chosen
  ) as made`
