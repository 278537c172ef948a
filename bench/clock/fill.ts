import { administer } from '../../test/setup/administer.ts'

export const now = new Date('2026-06-15T10:00:00Z')
export const workspaceId = 'ws_bench'

/**
 * A workspace with that many live keys in use. The due ones are spread over the kinds: a third expires, a third is
 * overdue for rotation, the rest is idle, may write for ever, or belongs to somebody who has left.
 */
export async function fillKeys(url: string, keys: number, due: number): Promise<void> {
  await administer(
    url,
    `insert into accounts values ('acc_bench', 'T0BENCH001', 'Bench', '${now.toISOString()}')`,
  )
  const terms = JSON.stringify({ maximumLifetimeDays: 3650 })
  await administer(
    url,
    `insert into workspaces (id, account_id, name, name_folded, terms, created_at)
     values ('${workspaceId}', 'acc_bench', 'Bench', 'bench', '${terms}', '${now.toISOString()}')`,
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
  await administer(url, 'vacuum analyze')
}

/** `n % 20` chooses among the due what is due: 7 expiring, 7 rotation, 2 idle, 2 write, 2 orphaned of each 20. */
const insertKeys = `
  insert into keys (id, workspace_id, name, name_folded, scopes, status, hint, token_hash, owner_id, created_by,
    created_at, revealed_by, revealed_at, lifetime_days, expires_at, status_changed_at, status_changed_by, used_by_then)
  select 'key_' || n, '${workspaceId}', 'Key ' || n, 'key ' || n,
    case when kind = 'write' then array['write'] else array['read'] end, 'active', 'tml_' || lpad((n % 10000)::text, 4, '0') || '...',
    sha256(n::text::bytea), owner, owner, revealed, owner, revealed, null,
    case kind when 'write' then null when 'expiring' then $1::timestamptz + ((n % 35) - 5) * interval '1 day' - interval '1 hour'
      else $1::timestamptz + interval '400 days' end,
    revealed, owner,
    case kind when 'idle' then $1::timestamptz - interval '70 days' else $1::timestamptz - random() * interval '25 days' end
  from (
    select n, kind,
      case kind when 'orphaned' then 'ULEFT' when 'idle' then 'UIDLE' else 'U' || (n % 500) end as owner,
      $1::timestamptz - case kind when 'rotation' then interval '80 days' + (n % 40) * interval '1 day'
        when 'idle' then interval '72 days' else random() * interval '60 days' end as revealed
    from (
      select n, case when n > $3::int then 'quiet' when n % 20 < 7 then 'expiring' when n % 20 < 14 then 'rotation'
        when n % 20 < 16 then 'idle' when n % 20 < 18 then 'write' else 'orphaned' end as kind
      from generate_series(1, $2::int) as n
    ) as chosen
  ) as made`
