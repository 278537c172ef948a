import type { Executor } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { hourMs } from '../foundation/time.ts'
import { type Traffic, trafficOf } from '../usage/traffic.ts'
import type { Alarm, UseFacts } from './facts.ts'
import { failuresOf } from './step-key.ts'

/** The facts of an alert beyond the detector's state. */
type Details = Pick<UseFacts, 'failed' | 'refusedScope' | 'newSource' | 'window'>

/** When more keys than this alert at once, it is one incident, and nobody reads each of them. */
const maxInDetail = 300
const historyDays = 14
const windowHours = [6, 12, 24] as const
/** As the detector compares: a day that is part of a slow rise must not hide it. */
const windowAgeDays = 3

/** Reads for each alarm what the last hour failed, where it came from, and in which hours more came than ever. */
export async function detailsOf(db: Executor, alarms: readonly Alarm[]): Promise<Map<Alarm, Details>> {
  const chosen = alarms.slice(0, maxInDetail)
  const slow = chosen.filter(({ reason }) => reason === 'slow-burn')
  // One after the other: in a transaction there is one connection.
  const failed = await failedOf(db, chosen)
  const fromNewSources = chosen.filter(({ evidence }) => (evidence?.fromNewSources ?? 0) > 0)
  const sources = await newSourcesOf(db, fromNewSources)
  const windows = await windowsOf(db, slow)
  return new Map(
    alarms.map((alarm) => {
      const newSource = sources.get(alarm.keyId)
      const window = windows.get(alarm)
      return [
        alarm,
        {
          failed: failed.get(alarm) ?? 0,
          refusedScope: Math.round(alarm.evidence?.refusedScope ?? 0),
          ...(newSource ? { newSource } : {}),
          ...(window ? { window } : {}),
        },
      ]
    }),
  )
}

const endOf = ({ at }: Alarm) => (at + 300) * 1000
const keysOf = (alarms: readonly Alarm[]) => [...new Set(alarms.map(({ keyId }) => keyId))]

/** The traffic of all these keys over a time that covers the need of each. */
async function trafficBefore(
  db: Executor,
  alarms: readonly Alarm[],
  lengthMs: number,
  step: 'five-minutes' | 'hour',
) {
  const ends = alarms.map(endOf)
  const from = new Date(Math.min(...ends) - lengthMs)
  const rows = await trafficOf(db, keysOf(alarms), from, new Date(Math.max(...ends)), step)
  return groupBy(rows, (row) => row.keyId)
}

async function failedOf(db: Executor, alarms: readonly Alarm[]): Promise<Map<Alarm, number>> {
  if (alarms.length === 0) return new Map()
  const traffic = await trafficBefore(db, alarms, hourMs, 'five-minutes')
  return new Map(
    alarms.map((alarm) => {
      const end = endOf(alarm)
      const rows = (traffic.get(alarm.keyId) ?? []).filter(({ at }) => within(at, end - hourMs, end))
      return [alarm, rows.reduce((sum, row) => sum + failuresOf(row), 0)]
    }),
  )
}

const within = (at: Date, from: number, to: number) => at.getTime() >= from && at.getTime() < to

/** The window that stands out most against the same hours of earlier days. */
async function windowsOf(db: Executor, alarms: readonly Alarm[]) {
  if (alarms.length === 0) return new Map<Alarm, UseFacts['window']>()
  const traffic = await trafficBefore(db, alarms, (historyDays + 1) * 24 * hourMs, 'hour')
  return new Map(
    alarms.map((alarm) => [alarm, busiestWindow(traffic.get(alarm.keyId) ?? [], endOf(alarm))] as const),
  )
}

/** Pure: of the last 6, 12 and 24 hours those with the highest ratio to the busiest such hours of the two weeks before. */
function busiestWindow(rows: readonly Traffic[], end: number): UseFacts['window'] {
  const sum = (to: number, hours: number) =>
    rows.reduce((all, row) => all + (within(row.at, to - hours * hourMs, to) ? row.requests : 0), 0)
  const windows = windowHours.map((hours) => {
    const earlier = Array.from({ length: historyDays - windowAgeDays }, (_, i) =>
      sum(end - (windowAgeDays + i) * 24 * hourMs, hours),
    )
    return { hours, requests: sum(end, hours), max: Math.max(...earlier) }
  })
  return windows.reduce((best, one) => (one.requests * best.max > best.requests * one.max ? one : best))
}

/** By key: the network or client, first seen within a day, that made most of the last hour's requests. */
async function newSourcesOf(db: Executor, alarms: readonly Alarm[]) {
  if (alarms.length === 0) return new Map<string, UseFacts['newSource']>()
  const until = new Date(Math.max(...alarms.map(endOf)))
  const { rows } = await db.raw(
    `with used as (
       select key_id, network, client, sum(requests) as requests from usage_sources
       where key_id = any(:keys) and hour > :until::timestamptz - interval '2 hours' and hour < :until
       group by 1, 2, 3
     ), named as (
       select key_id, 'network' as kind, network as name, sum(requests) as requests from used group by 1, 3
       union all
       select key_id, 'client', client, sum(requests) from used group by 1, 3
     )
     select distinct on (n.key_id) n.key_id, n.kind, n.name, s.first_at,
       n.requests::float / (select sum(requests) from used u where u.key_id = n.key_id) as share
     from named n join key_sources s on s.key_id = n.key_id and s.source = n.kind || ' ' || n.name
     where s.first_at >= :until::timestamptz - interval '1 day'
     order by n.key_id, n.requests desc, n.kind desc`,
    { keys: keysOf(alarms), until },
  )
  type Row = { key_id: string; kind: 'network' | 'client'; name: string; share: number; first_at: Date }
  return new Map(
    (rows as Row[]).map(({ key_id, kind, name, share, first_at }) => [
      key_id,
      { kind, name, share, firstAt: first_at.toISOString() },
    ]),
  )
}
