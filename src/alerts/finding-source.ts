import { type BandHour, bandOf } from '../anomaly/band.ts'
import type { Severity } from '../anomaly/severity.ts'
import type { Kind, Resolution } from '../findings/finding.ts'
import { audienceOfRotation } from '../findings/rotation-due.ts'
import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import { isSlackUser } from '../foundation/words.ts'
import { findMember, inCharge, type Role } from '../members/member.ts'
import type { Reading, Source, Waiting } from '../notifications/source.ts'
import { readPolicy } from '../policy/policy.ts'
import { bucketMs } from '../usage/cell.ts'
import { trafficOf } from '../usage/traffic.ts'
import type { Alert, FindingAction, Group, Step } from './alert.ts'

/** Findings beyond this many are counted, not listed. */
export const maxListed = 20
/** Names of keys that left a shared message, read at most. */
const maxMoved = 500

/**
 * A finding is a message of its own, or one that it shares with others of its kind; its steps are replies below. The
 * key's owner gets a copy when they do not read the channel.
 */
export const findings: Source = {
  async read(db, messages, now) {
    const alerts = await readAlerts(
      db,
      messages.map(({ itemId }) => itemId),
      now,
    )
    return Promise.all(messages.map((message) => readOne(db, message, alerts.get(message.itemId), now)))
  },
}

async function readOne(
  db: Executor,
  message: Waiting,
  alert: Alert | undefined,
  now: Date,
): Promise<Reading | undefined> {
  if (!alert || (alert.resolution && !message.isPosted)) return undefined
  const isShared = message.subjectId !== message.itemId
  const readerId = readerIn(message.destination)
  const content = isShared
    ? { about: 'group' as const, group: await readGroup(db, message.subjectId, now, readerId) }
    : { about: 'alert' as const, alert: await forReader(db, alert, readerId) }
  const live = { content, ...changesOf(content) }
  if (message.mode === 'live') return { live }
  const step = await stepOf(db, message, alert)
  const { mentions, broadcast } = step
  return {
    live,
    said: { content: { about: 'alert-step', step } as FindingContent, mentions, broadcast },
    isSaidByLive: !isShared,
    ...(alert.kind === 'orphaned' ? {} : { concerned: [alert.key.ownerId], mustBeRead: true }),
  }
}

/** Use moves all the time; a reader notices everything else. */
function changesOf(content: { alert: Alert } | { group: Group }): { hash: string; figures: string } {
  const alerts = 'alert' in content ? [content.alert] : content.group.alerts
  const still = alerts.map(({ inDay, requests, lastUsedAt, band, ...rest }) => rest)
  const moving = alerts.map(({ inDay, requests, lastUsedAt }) => [inDay, requests, lastUsedAt])
  const moved = 'group' in content ? content.group.moved : []
  return { hash: JSON.stringify([still, moved]), figures: JSON.stringify(moving) }
}

const readerIn = (destination: string) => /^dm:(.+)$/.exec(destination)?.[1]

async function forReader(db: Executor, alert: Alert, id: string | undefined): Promise<Alert> {
  if (!id) return alert
  if (id === alert.key.ownerId) return { ...alert, reader: { id, role: alert.ownerRole } }
  const member = await findMember(db, alert.workspaceId, id)
  return { ...alert, reader: { id, role: member?.role ?? 'member' } }
}

/** The content of messages about findings. */
export type FindingContent =
  | { about: 'alert'; alert: Alert }
  | { about: 'group'; group: Group }
  | { about: 'alert-step'; step: Step }

/** The findings as they are now, with the facts people need to judge them, by id. */
export async function readAlerts(
  db: Executor,
  findingIds: readonly string[],
  now: Date,
): Promise<Map<string, Alert>> {
  const rows: Row[] = await alerts(db).whereIn('findings.id', [...new Set(findingIds)])
  const days = await lastDays(db, rows, now)
  const found = await Promise.all(
    rows.map(async (row): Promise<Alert> => {
      const [owner, band] = await Promise.all([
        findMember(db, row.workspace_id, row.owner_id),
        readBand(db, row),
      ])
      return { ...toAlert(row, owner?.role ?? 'member', days.get(row.key_id)), ...(band ? { band } : {}) }
    }),
  )
  return new Map(found.map((alert) => [alert.findingId, alert]))
}

/** The findings as they are now, for lists: without their traffic and pictures, in one query. */
export async function readFindings(db: Executor, ids: readonly string[]): Promise<Map<string, Alert>> {
  const rows: Row[] = await alerts(db).whereIn('findings.id', [...ids])
  return new Map(rows.map((row) => [row.id, toAlert(row, 'manager', undefined)]))
}

/** Kinds whose alert shows the key's use, since people want to know whom the end of the key would hurt. */
const endings: readonly Kind[] = ['expiring', 'rotation-due']

/** Requests of each of these keys in the last 24 hours, for open findings whose alert shows them. */
async function lastDays(db: Executor, rows: readonly Row[], now: Date): Promise<Map<string, Alert['inDay']>> {
  const ids = rows
    .filter(({ kind, resolution }) => endings.includes(kind) && !resolution)
    .map((row) => row.key_id)
  if (ids.length === 0) return new Map()
  const traffic = await trafficOf(db, ids, new Date(now.getTime() - dayMs), now, 'five-minutes')
  const sums = new Map(ids.map((id) => [id, { requests: 0, until: now }]))
  for (const { keyId, requests } of traffic) sums.get(keyId)!.requests += requests
  return sums
}

/** The hours that the picture of an unusual-use alert shows: the two days before the alert. */
async function readBand(db: Executor, row: Row): Promise<BandHour[] | undefined> {
  if (row.kind !== 'unusual-use') return undefined
  return bandOf(db, row.key_id, new Date(Date.parse(String(row.facts.at)) + bucketMs))
}

/** The findings that share a message, unresolved and urgent first; for a direct message only that person's. */
export async function readGroup(db: Executor, groupId: string, now: Date, readerId?: string): Promise<Group> {
  const group = await db('finding_groups').where({ id: groupId }).first('id', 'kind', 'workspace_id', 'day')
  const query = alerts(db).where('findings.group_id', groupId)
  if (readerId) query.where((theirs) => theirs.where('owner_id', readerId).orWhere('assigned_to', readerId))
  const rows = await query.orderByRaw('(resolved_at is not null), level desc, works_until, keys.name_folded')
  const day = group.day ? dayOf(group.day) : null
  const moved = db('findings').join('keys', 'keys.id', 'key_id').where({ left_group_id: groupId })
  if (readerId) moved.where((theirs) => theirs.where('owner_id', readerId).orWhere('assigned_to', readerId))
  const left = await moved.orderBy('keys.name').limit(maxMoved).pluck('keys.name')
  const days = await lastDays(db, rows.slice(0, maxListed), now)
  return {
    id: group.id,
    kind: group.kind,
    workspaceId: group.workspace_id,
    day,
    alerts: rows.map((row) => toAlert(row, 'manager', days.get(row.key_id))),
    moved: left,
  }
}

/** One step of a finding, for its thread. */
async function stepOf(db: Executor, message: Waiting, alert: Alert): Promise<Step> {
  const action = message.body.what ? (message.body as FindingAction) : null
  const urgent = alert.severity === 'critical' && !alert.resolution && !action
  return {
    alert,
    step: message.step,
    action,
    broadcast: urgent,
    mentions: action
      ? await mentionsOfAction(db, action, alert)
      : await mentionsOf(db, { ...alert, step: message.step }),
  }
}

/** The people a step mentions: the key's owner, the assignee, and those it has escalated to. */
async function mentionsOf(db: Executor, alert: Alert): Promise<string[]> {
  // The owner is mentioned when a job resolved the finding; a person who resolved it informs the owner.
  if (alert.resolution)
    return alert.resolution.by?.startsWith('job:') ? [alert.key.ownerId].filter(isSlackUser) : []
  const audience = alert.kind === 'rotation-due' ? audienceOfRotation(alert.step) : 'owner'
  const wanted = alert.kind === 'orphaned' ? 'owners' : audience
  const role = { owner: [], managers: ['manager'], owners: ['owner'] } as const
  const inOffice = await charged(
    db,
    alert.workspaceId,
    alert.kind === 'leaked' ? ['owner', 'manager'] : role[wanted],
  )
  const owner = alert.kind === 'orphaned' ? [] : [alert.key.ownerId]
  const assignee = alert.assigned?.to ?? alert.acknowledged?.by
  const all = [...owner, ...(assignee ? [assignee] : []), ...inOffice]
  return [...new Set(all)].filter(isSlackUser)
}

async function mentionsOfAction(db: Executor, action: FindingAction, alert: Alert): Promise<string[]> {
  if (action.what === 'assigned' && action.to) return [action.to]
  if (action.what === 'asked') return charged(db, alert.workspaceId, ['manager', 'owner'])
  return []
}

const charged = async (db: Executor, workspaceId: string, wanted: readonly Role[]) =>
  wanted.length === 0 ? [] : inCharge(db, workspaceId, wanted)

const dayOf = (day: Date | string) => (typeof day === 'string' ? day : day.toISOString().slice(0, 10))

const alerts = (db: Executor) =>
  db('findings')
    .join('keys', 'keys.id', 'findings.key_id')
    .join('workspaces', 'workspaces.id', 'findings.workspace_id')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .select(
      'findings.id',
      'kind',
      'step',
      'severity',
      'facts',
      'resolution',
      'acknowledged_by',
      'acknowledged_at',
      'assigned_to',
      'assigned_by',
      'snoozed_until',
      'snoozed_by',
      'snooze_reason',
      'findings.workspace_id',
      'keys.id as key_id',
      'keys.name',
      'hint',
      'owner_id',
      'works_until',
      'status',
      'requests',
      'last_used_at',
      'workspaces.policy',
    )

type Row = {
  id: string
  kind: Kind
  step: string
  severity: Severity
  facts: Record<string, unknown>
  resolution: Resolution | null
  acknowledged_by: string | null
  acknowledged_at: Date
  assigned_to: string | null
  assigned_by: string
  snoozed_until: Date | null
  snoozed_by: string
  snooze_reason: string | null
  workspace_id: string
  key_id: string
  name: string
  hint: string | null
  owner_id: string
  works_until: Date | null
  status: string
  requests: number | null
  last_used_at: Date | null
  policy: unknown
}

function toAlert(row: Row, ownerRole: Role, inDay: Alert['inDay']): Alert {
  return {
    findingId: row.id,
    kind: row.kind,
    step: row.step,
    severity: row.severity,
    workspaceId: row.workspace_id,
    facts: row.facts,
    key: {
      id: row.key_id,
      name: row.name,
      hint: row.hint ?? '',
      ownerId: row.owner_id,
      expiresAt: row.works_until,
      isActive: row.status === 'active',
      isPaused: row.status === 'inactive',
    },
    ownerRole,
    requests: row.requests ?? 0,
    lastUsedAt: row.last_used_at,
    ...(inDay ? { inDay } : {}),
    acknowledged: row.acknowledged_by ? { by: row.acknowledged_by, at: row.acknowledged_at } : null,
    assigned: row.assigned_to ? { to: row.assigned_to, by: row.assigned_by } : null,
    snoozed: row.snoozed_until
      ? { until: row.snoozed_until, by: row.snoozed_by, reason: row.snooze_reason ?? '' }
      : null,
    resolution: row.resolution,
    timeZone: readPolicy(row.policy).timeZone,
  }
}
