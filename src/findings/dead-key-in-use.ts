import { hourMs } from '../foundation/time.ts'
import { activated, endedBy, noticed } from './ended.ts'
import type { Fact, Gone, Question } from './finding.ts'

/** A request this soon after the end was in flight, or its sender is just learning of the end. */
const grace = '10 minutes'
/** A key that was not presented for this long is silent. */
const silentAfterHours = 24
const maxShown = 3

type Row = {
  id: string
  status: string
  /** when it was first over: paused, revoked or past its end */
  ended_at: Date
  status_changed_at: Date
  ended_by: string
  sources: { network: string; client: string; refused: number }[]
  last_at: Date
}

/**
 * Asks which keys were presented within the last day though they were revoked or deactivated or have expired, from
 * where, by which clients and how often. Refusals for a missing scope are not counted: a dead key is refused before its
 * scopes are checked.
 */
export const deadKeyInUse: Question = {
  kind: 'dead-key-in-use',
  moves: true,
  ended: endedBy(activated, silent),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `with presented as (
         select key_id, network, client, sum(refused - refused_scope)::int as refused, max(last_at) as last_at
         from usage_sources
         where hour > :now::timestamptz - interval '${silentAfterHours} hours' - interval '1 hour' and refused > refused_scope
         group by key_id, network, client
       )
       select k.id, k.status, k.status_changed_at, e.ended_at, k.status_changed_by as ended_by, max(p.last_at) as last_at,
         jsonb_agg(jsonb_build_object('network', p.network, 'client', p.client, 'refused', p.refused)
           order by p.refused desc, p.network, p.client) as sources
       from presented p
         -- A search by id for each, as the planner does not know how few they are.
         cross join lateral (select * from keys where id = p.key_id and workspace_id = :workspace limit 1) k
         cross join lateral (select least(k.works_until,
           case when k.status in ('inactive', 'revoked') then k.status_changed_at end) as ended_at) e
         left join findings f on f.key_id = k.id and f.kind = 'dead-key-in-use' and f.resolved_at is null
       where e.ended_at <= :now and p.last_at > :now::timestamptz - interval '${silentAfterHours} hours'
         -- Ended once more, it is no less in use.
         and (p.last_at > e.ended_at + interval '${grace}' or f.id is not null)
         -- A key in quarantine is watched by the alert that put it there.
         and not exists (select from findings q
           where q.key_id = k.id and q.kind = 'unusual-use' and q.resolved_at is null and k.status = 'inactive')
       group by k.id, k.status, k.status_changed_at, k.status_changed_by, e.ended_at`,
      { workspace: workspace.id, now },
    )
    return (rows as Row[]).map((row) => ({
      keyId: row.id,
      step: 'open',
      level: 0,
      severity: 'warning',
      facts: factsOf(row, now),
    }))
  },
}

function silent({ facts }: Gone, now: Date) {
  const silentMs = now.getTime() - new Date(String(facts.lastAt)).getTime()
  return silentMs >= silentAfterHours * hourMs ? noticed('silent', now) : undefined
}

/** In the order of the sentence: what ended the key, then who presents it. `until` dates the figures. */
function factsOf(row: Row, now: Date) {
  const { status, sources } = row
  const networks = [...new Set(sources.map(({ network }) => network))]
  const clients = [...new Set(sources.map(({ client }) => client))]
  return {
    how: status === 'revoked' ? 'revoked' : status === 'inactive' ? 'deactivated' : 'expired',
    by: row.ended_by,
    endedAt: (status === 'active' ? row.ended_at : row.status_changed_at).toISOString(),
    requests: sources.reduce((sum, { refused }) => sum + refused, 0),
    networks: networks.slice(0, maxShown),
    networkCount: networks.length,
    clients: clients.slice(0, maxShown),
    clientCount: clients.length,
    lastAt: row.last_at.toISOString(),
    until: now.toISOString(),
  }
}
