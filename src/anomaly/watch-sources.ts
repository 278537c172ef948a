import { type Database, transact } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { dayMs, hourMs } from '../foundation/time.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { momentOf } from './detector/calendar.ts'
import { explain } from './detector/explain.ts'
import { type FreshSource, judgeSources, type SourceVerdict, usualPerMinute } from './detector/new-source.ts'
import { type KeyState, loadState, newState } from './detector/state.ts'
import { recordAlarms } from './episodes.ts'
import { maxSources } from './evidence.ts'
import { expectationsOf, isExpected } from './expectations.ts'
import type { Alarm } from './facts.ts'
import { severityOf } from './severity.ts'
import { readStates } from './states.ts'
import { zonesOf } from './zones.ts'

/**
 * Judges the clients that are new on their keys since the hour before, with what has been counted of them so far, and
 * opens episodes. Returns how many.
 */
export async function watchSources({ db, clock }: Pick<World, 'db' | 'clock'>): Promise<number> {
  const now = clock.now()
  const earliest = new Date((Math.floor(now.getTime() / hourMs) - 1) * hourMs)
  await db('fresh_sources').where('hour', '<', earliest).delete()
  const fresh = groupBy(await freshOf(db), ({ keyId }) => keyId)
  if (fresh.size === 0) return 0
  const alarms = await alarmsOf(db, fresh, now)
  if (alarms.length === 0) return 0
  const done = await transact(db, (trx) => recordAlarms(trx, alarms))
  if (isRefusal(done)) throw new Error(`new sources cannot be reported: ${plain(done.message)}`)
  return alarms.length
}

type Fresh = FreshSource & { keyId: string; workspaceId: string }

/** The sources of keys that can be used, with the requests counted so far. */
async function freshOf(db: Database): Promise<Fresh[]> {
  const { rows } = await db.raw(
    `select f.key_id as "keyId", k.workspace_id as "workspaceId", f.network, f.client, f.is_new_network as "isNewNetwork",
       u.requests::int as requests, extract(epoch from f.first_at)::float8 as "firstAt",
       extract(epoch from u.last_at)::float8 as "lastAt"
     from fresh_sources f join usage_sources u using (key_id, hour, network, client) join keys k on k.id = f.key_id
     where k.status = 'active' order by f.key_id, f.hour, f.network, f.client`,
  )
  return rows
}

async function alarmsOf(db: Database, fresh: ReadonlyMap<string, Fresh[]>, now: Date): Promise<Alarm[]> {
  const keyIds = [...fresh.keys()]
  const [states, sourcesKnown, zones] = [
    await readStates(db, keyIds),
    await sourcesOf(db, keyIds, now),
    await zonesOf(db),
  ]
  const [expectations, reported] = [await expectationsOf(db, keyIds), await reportedOf(db, keyIds, now)]
  const state = newState()
  return [...fresh].flatMap(([keyId, sources]): Alarm[] => {
    const { workspaceId } = sources[0]!
    const zone = zones.get(workspaceId)!
    const stored = states.get(keyId)
    // A key that the detector does not know yet has no habits.
    if (!stored || !loadState(state, stored.state)) return []
    const seconds = now.getTime() / 1000
    const { hour } = momentOf(seconds, zone.offset(seconds))
    const known = sourcesKnown.get(keyId) ?? []
    const habit = {
      perMinute: usualPerMinute(state, hour),
      clients: new Map(known.filter(({ kind }) => kind === 'client').map(({ name, at }) => [name, at])),
      isAnywhere: known.filter(({ kind }) => kind === 'network').length >= maxSources,
    }
    const verdict = judgeSources(sources, habit, now.getTime())
    if (!verdict) return []
    const alarm = alarmOf(
      keyId,
      workspaceId,
      state,
      verdict,
      Math.max(...sources.map(({ lastAt }) => lastAt)),
    )
    const isKnown =
      isReported(reported.get(keyId) ?? [], alarm) ||
      isExpected(expectations.get(keyId) ?? [], zone.timeZone, alarm.at, alarm.reason)
    return isKnown ? [] : [alarm]
  })
}

function alarmOf(
  keyId: string,
  workspaceId: string,
  state: KeyState,
  source: SourceVerdict,
  at: number,
): Alarm {
  const { reason, requests } = source
  const usual = explain(state, requests)
  const figures = { ...usual, lastHour: Math.max(usual.lastHour, requests) }
  const evidence = { fromNewSources: requests, refusedScope: 0 }
  return {
    keyId,
    workspaceId,
    at: Math.floor(at),
    reason,
    score: 1,
    figures,
    expected: false,
    evidence,
    source,
  }
}

/** The networks and clients of each key that were there a day ago, and since when (in milliseconds). */
async function sourcesOf(db: Database, keyIds: string[], now: Date) {
  const { rows } = await db.raw(
    `select key_id, split_part(source, ' ', 1) as kind, substr(source, strpos(source, ' ') + 1) as name,
       extract(epoch from first_at)::float8 * 1000 as at
     from key_sources where key_id = any(?) and first_at < ?`,
    [keyIds, new Date(now.getTime() - dayMs)],
  )
  type Row = { key_id: string; kind: 'network' | 'client'; name: string; at: number }
  return groupBy(rows as Row[], (row) => row.key_id)
}

type Reported = { severity: string; standsAlone: boolean }

/** The episodes that are open, or were within the time for which a source is new: a person has had the last word. */
async function reportedOf(db: Database, keyIds: string[], now: Date) {
  const { rows } = await db.raw(
    `select key_id, severity, stands_alone as "standsAlone" from anomaly_episodes
     where key_id = any(?) and (over_at is null or over_at > ?)`,
    [keyIds, new Date(now.getTime() - dayMs)],
  )
  return groupBy(rows as (Reported & { key_id: string })[], (row) => row.key_id)
}

/** A leak that was reported already, unless it has become critical since; and a person, whatever was reported of the key. */
function isReported(reported: readonly Reported[], { reason, figures, evidence }: Alarm): boolean {
  if (reason === 'person') return reported.length > 0
  const severity = severityOf(reason, figures, evidence!.fromNewSources)
  return reported.some((one) => one.standsAlone && (one.severity === 'critical' || severity !== 'critical'))
}
