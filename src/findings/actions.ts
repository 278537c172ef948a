import type { EventName } from '../audit/events.ts'
import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, put } from '../outbox/outbox.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Action } from '../policy/may.ts'
import { type AboutFinding, lockFinding } from './store.ts'

export const snoozeDays = [1, 7, 30] as const

/** Which finding somebody acts on; chance makes the letters' ids. */
export type Target = { workspaceId: string; findingId: string; random: Random }

/** "I'm on it": the alert says so from now on, and escalates all the same. */
export async function acknowledge(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await begin(act, target, 'finding.take')
  if (isRefusal(finding)) return finding
  const by = act.actor.id
  if (finding.acknowledgedBy === by) return refuse('already', 'You are on it already.')
  await change(act, finding, { acknowledged_by: by, acknowledged_at: act.now })
  return notify(act, target, finding, 'finding.acknowledged', { what: 'acknowledged', by })
}

/** Puts the alert aside for 1, 7 or 30 days, but never past the key's end. What gets worse wakes it. */
export async function snooze(
  act: Act,
  target: Target,
  wanted: { days: number; reason: string },
): Promise<AboutFinding | Refusal> {
  const finding = await begin(act, target, 'finding.snooze')
  if (isRefusal(finding)) return finding
  const reason = wanted.reason.trim()
  if (reason === '' || [...reason].length > 200)
    return refuse('invalid', 'Say why, in at most 200 characters; the alert shows it.', { field: 'reason' })
  if (!snoozeDays.some((days) => days === wanted.days))
    return refuse('invalid', 'Choose 1, 7 or 30 days.', { field: 'days' })
  const until = new Date(
    Math.min(act.now.getTime() + wanted.days * dayMs, finding.endsAt?.getTime() ?? Number.POSITIVE_INFINITY),
  )
  if (until <= act.now)
    return refuse('expired', 'This key has ended; there is nothing to wait for.', {
      next: 'Rotate it or delete it.',
    })
  const by = act.actor.id
  await change(act, finding, { snoozed_until: until, snoozed_by: by, snooze_reason: reason })
  return notify(act, target, finding, 'finding.snoozed', {
    what: 'snoozed',
    by,
    until: until.toISOString(),
    reason,
  })
}

/** Ends a snooze before its time. */
export async function unsnooze(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await begin(act, target, 'finding.snooze')
  if (isRefusal(finding)) return finding
  if (!finding.snoozedUntil) return refuse('already', 'It is awake already.')
  await change(act, finding, { snoozed_until: null, snoozed_by: null, snooze_reason: null })
  return notify(act, target, finding, 'finding.woken', { what: 'woken', by: act.actor.id })
}

/** Gives the alert to a person, who is mentioned now and with each further step. */
export async function assign(act: Act, target: Target, to: string): Promise<AboutFinding | Refusal> {
  const finding = await begin(act, target, 'finding.assign')
  if (isRefusal(finding)) return finding
  if (finding.assignedTo === to) return refuse('already', 'It is theirs already.', { field: 'to' })
  const by = act.actor.id
  await change(act, finding, { assigned_to: to, assigned_by: by })
  return notify(act, target, finding, 'finding.assigned', { what: 'assigned', by, to })
}

/** The owner of a key, who may not act on it, calls those who may. */
export async function askManager(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await begin(act, target, 'finding.ask')
  if (isRefusal(finding)) return finding
  return notify(act, target, finding, 'finding.asked', { what: 'asked', by: act.actor.id })
}

async function begin(act: Act, target: Target, action: Action): Promise<AboutFinding | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (!finding) return noSuchKey({ action })
  const { keyId, ownerId } = finding
  const refusal = await authorise(act, action, { workspaceId, ownerId, keyId })
  if (refusal) return refusal
  if (finding.resolvedAt) return refuse('already', 'This is settled already; the alert says how.')
  return finding
}

const change = (act: Act, { id }: AboutFinding, columns: Record<string, unknown>) =>
  act.trx('findings').where({ id }).update(columns)

type Said = { what: string; by: string; to?: string; until?: string; reason?: string }

/** Records what was done, and tells it wherever the finding was told. */
async function notify(
  act: Act,
  target: Target,
  finding: AboutFinding,
  event: EventName,
  action: Said,
): Promise<AboutFinding> {
  const { what: _what, by: _by, ...details } = action
  await record(act, {
    event,
    workspaceId: target.workspaceId,
    keyId: finding.keyId,
    details: { finding: finding.kind, ...details },
  })
  const places = await act
    .trx('outbox')
    .where({ finding_id: finding.id, subject_id: finding.groupId ?? finding.id })
    .distinct<{ destination: string }[]>('destination')
  const messages = places.map(({ destination }): OutboxMessage => {
    const subjectId = finding.groupId ?? finding.id
    const step = `${action.what}:${act.now.toISOString()}`
    const place = { workspaceId: target.workspaceId, findingId: finding.id, subjectId, destination }
    return { ...place, step, level: finding.level, body: action }
  })
  await put(act.trx, messages, act.now, target.random)
  return finding
}
