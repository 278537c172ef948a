import { Temporal } from 'temporal-polyfill'
import type { Severity } from '../anomaly/severity.ts'
import { type WeekOfCanary, weekOfCanary } from '../canary/runs.ts'
import type { Executor, Transaction } from '../foundation/database.ts'
import { dayMs, weekMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { put } from '../notifications/outbox.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'
import { askingFindings } from './asking.ts'
import { type WeekOfUse, weekOfUse } from './digest-use.ts'
import type { Kind } from './finding.ts'

/** A digest that is late by more than this is skipped; the next one will do. */
const latestMs = 2 * dayMs
const maxListed = 5

/** The findings and the use of one week: the body of a digest message. */
export type Digest = {
  openByKind: { kind: Kind; count: number }[]
  opened: number
  resolved: number
  /** the most urgent finding of each of the most urgent keys, worst first */
  urgent: Urgent[]
  /** keys with open findings */
  keys: number
  use: WeekOfUse
  /** absent without a canary */
  canary?: WeekOfCanary | undefined
}

type Urgent = {
  kind: Kind
  step: string
  severity: Severity
  keyId: string
  name: string
  /** where its alert stands; null while it was not posted */
  at: { channelId: string; ts: string } | null
}

/** Puts the digest of each workspace where it is past Monday nine o'clock. Returns how many messages were put. */
export async function putDigests(world: Pick<World, 'db' | 'clock' | 'random'>): Promise<number> {
  let messages = 0
  for (const workspace of await allWorkspaces(world.db)) {
    const due = lastMonday(workspace.policy.timeZone, world.clock.now())
    if (world.clock.now().getTime() - due.at.getTime() > latestMs) continue
    if (await isPut(world.db, workspace, due.day)) continue
    // Outside the transaction, so that its queries run at the same time.
    const use = await weekOfUse(world.db, workspace, due.day)
    const since = new Date(due.at.getTime() - weekMs)
    const canary = await weekOfCanary(world.db, workspace.accountId, since, due.at)
    await world.db.transaction((trx) => putDigest(trx, world, workspace, due, { use, canary }))
    messages++
  }
  return messages
}

type Due = { day: string; at: Date }

/** The latest Monday, nine o'clock by that zone's wall clock, that is not in the future. */
export function lastMonday(timeZone: string, now: Date): Due {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone)
  const nine = (day: Temporal.PlainDate) => day.toZonedDateTime({ timeZone, plainTime: '09:00' })
  const monday = here.toPlainDate().subtract({ days: here.dayOfWeek - 1 })
  const day = nine(monday).epochMilliseconds <= now.getTime() ? monday : monday.subtract({ weeks: 1 })
  return { day: day.toString(), at: new Date(nine(day).epochMilliseconds) }
}

const isPut = async (db: Executor, workspace: Workspace, day: string) =>
  (await db('outbox').where({ source: 'digest', item_id: workspace.id, step: day }).first('seq')) !==
  undefined

async function putDigest(
  trx: Transaction,
  world: Pick<World, 'clock' | 'random'>,
  workspace: Workspace,
  due: Due,
  figures: Pick<Digest, 'use' | 'canary'>,
): Promise<void> {
  const destination = `channel:${workspace.policy.alertChannel}`
  const findings = await readDigest(trx, workspace.id, destination, new Date(due.at.getTime() - weekMs))
  const body: Digest = { ...findings, ...figures }
  const place = { workspaceId: workspace.id, subjectId: workspace.id, step: due.day, destination }
  await put(trx, [{ ...place, source: 'digest', mode: 'once', body }], world.clock.now(), world.random)
}

async function readDigest(
  db: Executor,
  workspaceId: string,
  destination: string,
  since: Date,
): Promise<Omit<Digest, 'use' | 'canary'>> {
  const openByKind = await db('findings')
    .where({ workspace_id: workspaceId })
    .whereNull('resolved_at')
    .whereNull('snoozed_until')
    .groupBy('kind')
    .orderByRaw('count(*) desc')
    .select('kind', db.raw('count(*)::int as count'))
  const week = await db('findings')
    .where({ workspace_id: workspaceId })
    .where('changed_at', '>=', since)
    .first(
      db.raw('count(*) filter (where opened_at >= ?)::int as opened', [since]),
      db.raw('count(*) filter (where resolved_at >= ?)::int as resolved', [since]),
    )
  const { rows } = await db.raw(urgentKeys, { workspace: workspaceId, destination, maxListed })
  const urgent = (rows as Row[]).map(({ channelId, ts, keys: _, ...one }) => ({
    ...one,
    at: channelId && ts ? { channelId, ts } : null,
  }))
  return {
    openByKind,
    opened: week?.opened ?? 0,
    resolved: week?.resolved ?? 0,
    urgent,
    keys: rows[0]?.keys ?? 0,
  }
}

type Row = Omit<Urgent, 'at'> & { channelId: string | null; ts: string | null; keys: number }

/** Each key once, by its most urgent finding. */
const urgentKeys = `
  with open as (
    select f.*, k.name, k.works_until
    from (${askingFindings}) as o join findings f on f.id = o.id join keys k on k.id = f.key_id
  ), worst as (
    select distinct on (key_id) * from open order by key_id, rank desc, level desc
  ), shown as (
    select *, count(*) over ()::int as keys from worst order by rank desc, level desc, works_until, name
    limit :maxListed
  )
  select s.kind, s.step, s.severity, s.key_id as "keyId", s.name, s.keys, p.channel_id as "channelId", p.ts
  from shown s left join posted_messages p on p.source = 'finding'
    and p.subject_id = coalesce(s.group_id, s.id) and p.destination = :destination
  order by s.rank desc, s.level desc, s.works_until, s.name`
