import type { Executor } from '../foundation/database.ts'

/** The kinds of finding that are listed as incidents. */
export type IncidentKind = 'unusual-use' | 'shared-key' | 'dead-key-in-use' | 'leaked'

/** A period in which a key was used as it should not be. `until` is undefined while it goes on. */
export type Incident = { kind: IncidentKind; from: Date; until: Date | undefined }

const max = 10

/**
 * The key's incidents that overlap a period, at most 10, the latest first. Unusual use lasts from its first unusual five
 * minutes to its last, however long its finding stays open; the others last as long as their finding is open.
 */
export async function incidentsOf(db: Executor, keyId: string, from: Date, to: Date): Promise<Incident[]> {
  const { rows } = await db.raw(statement, { keyId, from, to, max })
  return rows.map(({ kind, from, until }: Incident & { until: Date | null }) => ({
    ...{ kind, from },
    until: until ?? undefined,
  }))
}

const statement = `
  select * from (
    select 'unusual-use' as kind, began_at as "from", strange_at + interval '5 minutes' as until
    from anomaly_episodes where key_id = :keyId
    union all
    select kind, opened_at, resolved_at from findings
    where key_id = :keyId and kind in ('shared-key', 'dead-key-in-use', 'leaked')
  ) as incidents
  where "from" < :to and (until is null or until > :from) order by "from" desc limit :max`
