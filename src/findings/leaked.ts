import { dayMs, hourMs } from '../foundation/time.ts'
import type { Receipt } from '../leases/receipt.ts'
import type { Evidence } from '../policy/leaked.ts'
import { type Source, sourcesBefore } from '../usage/sources.ts'
import { endedBy, over, revoked } from './ended.ts'
import type { Fact, Question } from './finding.ts'

/** Use before the newest report that the alert shows. */
const usedHours = 48
/** A key that policy revoked because of a report is shown for so long, so that people learn of it. */
const shownAfterEndMs = dayMs
const maxPlaces = 3
const maxSources = 5

/** The receipt of what policy did, until there is one. */
const unconfirmed = { state: 'unknown', reason: 'not confirmed yet' } satisfies Receipt

type Row = {
  id: string
  scopes: string[]
  networks: number
  works_until: Date | null
  status: 'active' | 'inactive' | 'revoked'
  status_changed_by: string
  status_changed_at: Date
  reports: number
  is_whole: boolean
  reported_at: Date
  places: Place[]
  receipt: Receipt | null
}

/** One report. `scanner` is the name of the service token that sent it. */
type Place = { where: string; by: string; evidence: Evidence; at: string; scanner: string | null }

/** The content of the alert, as the finding stores it. */
export type LeakedFacts = {
  reports: number
  isWhole: boolean
  /** the newest first */
  places: Place[]
  scopes: string[]
  /** how many networks it is held to; none: it works from anywhere */
  networks: number
  worksUntil: string | null
  use: {
    until: string
    requests: number
    refused: number
    sources: Pick<Source, 'network' | 'client' | 'requests'>[]
    more: number
  }
  /** how the key was ended since, and by whom; with the proof, or that there is none yet, where policy did it */
  ended?: { how: 'deactivated' | 'revoked'; by: string; at: string; receipt: Receipt | null }
}

/**
 * Asks which keys were reported as leaked and can still be used, or activated again, with the token that was reported;
 * and which of them policy revoked within the last day. A key is notified about again each time that the number of its
 * reports has doubled.
 */
export const leaked: Question = {
  kind: 'leaked',
  moves: true,
  edits: true,
  ended: endedBy(revoked, over),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select k.id, k.scopes, cardinality(k.allowed_networks) as networks, k.works_until, k.status,
         k.status_changed_by, k.status_changed_at, count(*)::int as reports, bool_or(l.is_whole) as is_whole,
         max(l.reported_at) as reported_at,
         (array_agg(jsonb_build_object('where', l.found_at, 'by', r.reporter, 'evidence', r.evidence,
           'at', l.reported_at, 'scanner', t.name) order by l.reported_at desc, l.report_id))[1:${maxPlaces}] as places,
         (array_agg(coalesce(l.receipt, :unconfirmed) order by l.acted_at desc)
           filter (where l.did is not null and k.status_changed_by = 'job:leaks'))[1] as receipt
       from leaks l
         join leak_reports r on r.id = l.report_id
         join keys k on k.id = l.key_id and k.token_hash = l.token_hash
         left join service_tokens t on 'job:scanner ' || t.id = r.reporter
       where l.workspace_id = :workspace and (k.works_until is null or k.works_until > :now)
         and (k.status in ('active', 'inactive') or exists (select from leaks e
           where e.key_id = k.id and e.did in ('rotate', 'revoke') and e.acted_at > :shown))
       group by k.id order by k.id`,
      {
        workspace: workspace.id,
        now,
        shown: new Date(now.getTime() - shownAfterEndMs),
        unconfirmed: JSON.stringify(unconfirmed),
      },
    )
    const keys: Row[] = rows
    if (keys.length === 0) return []
    const times = keys.map(({ id, reported_at: until }) => ({ id, until }))
    const sources = await sourcesBefore(trx, times, usedHours * hourMs)
    return keys.map((row) => factOf(row, sources.get(row.id) ?? []))
  },
}

function factOf(row: Row, sources: readonly Source[]): Fact {
  const level = Math.floor(Math.log2(row.reports))
  return {
    ...{ keyId: row.id, step: `reported-${level}`, level, severity: 'critical' },
    facts: factsOf(row, sources),
  }
}

function factsOf(row: Row, sources: readonly Source[]): LeakedFacts {
  const { reports, is_whole: isWhole, places, scopes, networks, status } = row
  const sum = (field: 'requests' | 'refused') => sources.reduce((all, one) => all + one[field], 0)
  const busiest = sources.toSorted((a, b) => b.requests - a.requests).slice(0, maxSources)
  const how = status === 'inactive' ? 'deactivated' : 'revoked'
  const ended = { by: row.status_changed_by, at: row.status_changed_at.toISOString(), receipt: row.receipt }
  return {
    ...{ reports, isWhole, places, scopes, networks, worksUntil: row.works_until?.toISOString() ?? null },
    use: {
      until: row.reported_at.toISOString(),
      requests: sum('requests'),
      refused: sum('refused'),
      sources: busiest.map(({ network, client, requests }) => ({ network, client, requests })),
      more: sources.length - busiest.length,
    },
    ...(status === 'active' ? {} : { ended: { how, ...ended } }),
  }
}
