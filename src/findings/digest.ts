import { Temporal } from 'temporal-polyfill'
import type { Executor, Transaction } from '../foundation/database.ts'
import { dayMs, weekMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { put } from '../notifications/outbox.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'
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
  /** the most urgent, worst first */
  urgent: { kind: Kind; step: string; keyId: string; name: string }[]
  use: WeekOfUse
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
    await world.db.transaction((trx) => putDigest(trx, world, workspace, due, use))
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
  use: WeekOfUse,
): Promise<void> {
  const destination = `channel:${workspace.policy.alertChannel}`
  const findings = await readDigest(trx, workspace.id, new Date(due.at.getTime() - weekMs))
  const body: Digest = { ...findings, use }
  const place = { workspaceId: workspace.id, subjectId: workspace.id, step: due.day, destination }
  await put(trx, [{ ...place, source: 'digest', mode: 'once', body }], world.clock.now(), world.random)
}

async function readDigest(db: Executor, workspaceId: string, since: Date): Promise<Omit<Digest, 'use'>> {
  const openByKind = await db('findings')
    .where({ workspace_id: workspaceId })
    .whereNull('resolved_at')
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
  const urgent = await db('findings')
    .join('keys', 'keys.id', 'key_id')
    .where('findings.workspace_id', workspaceId)
    .whereNull('resolved_at')
    .orderByRaw(`array_position(array['critical', 'warning', 'notice'], severity), level desc, works_until`)
    .limit(maxListed)
    .select('kind', 'step', 'keys.id as keyId', 'keys.name')
  return { openByKind, opened: week?.opened ?? 0, resolved: week?.resolved ?? 0, urgent }
}
