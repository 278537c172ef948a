import type { EventName } from '../audit/events.ts'
import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { may } from '../policy/may.ts'
import { type AboutFinding, assigneeOf, lockFinding } from './store.ts'

/** The lengths of a snooze that a person may choose. */
export const snoozeDays = [1, 7, 30] as const

/** The finding that a person acts on; `random` makes the ids of messages. */
export type Target = { workspaceId: string; findingId: string; random: Random }

/**
 * Takes the finding on ("I'm on it"), from nobody or from the person who had it: its alert says so, and it
 * escalates all the same.
 */
export async function acknowledge(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'finding.take', target)
  if (isRefusal(finding)) return finding
  const by = act.actor.id
  if (finding.acknowledgedBy === by) return refuse('already', 'You are on it already.')
  await change(act, finding, {
    ...nobody,
    acknowledged_by: by,
    acknowledged_at: act.now,
  })
  return notify(act, target, finding, 'finding.acknowledged', { what: 'acknowledged', by })
}

/** Lets go of the finding, so that nobody has it; a manager may take it off somebody else. */
export async function letGo(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'finding.let-go', target)
  if (isRefusal(finding)) return finding
  const of = assigneeOf(finding)
  const by = act.actor.id
  if (of === null) return refuse('already', 'Nobody is on it.')
  const isManager = may(act.actor, 'finding.assign', { workspaceId: target.workspaceId })
  if (of !== by && !isManager) return refuse('forbidden', say`${{ user: of }} has it, not you.`)
  await change(act, finding, nobody)
  return notify(act, target, finding, 'finding.let-go', {
    what: 'let-go',
    by,
    ...(of === by ? {} : { of }),
  })
}

/** Snoozes the finding for 1, 7 or 30 days, but never past the key's end. An escalation unsnoozes it. */
export async function snooze(
  act: Act,
  target: Target,
  wanted: { days: number; reason: string },
): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'finding.snooze', target)
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
  const finding = await lockFinding(act, 'finding.snooze', target)
  if (isRefusal(finding)) return finding
  if (!finding.snoozedUntil) return refuse('already', 'It is awake already.')
  await change(act, finding, { snoozed_until: null, snoozed_by: null, snooze_reason: null })
  return notify(act, target, finding, 'finding.woken', { what: 'woken', by: act.actor.id })
}

/**
 * Assigns the finding to a person, instead of the one who had it. They get it as a direct message too, whether they
 * read the channel or not, and are mentioned with each further step.
 */
export async function assign(act: Act, target: Target, to: string): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'finding.assign', target)
  if (isRefusal(finding)) return finding
  if (assigneeOf(finding) === to) return refuse('already', 'It is theirs already.', { field: 'to' })
  const by = act.actor.id
  await change(act, finding, { ...nobody, assigned_to: to, assigned_by: by })
  return notify(act, target, finding, 'finding.assigned', { what: 'assigned', by, to })
}

/** Asks the managers to act, for a key's owner who may not act on it. */
export async function askManager(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'finding.ask', target)
  if (isRefusal(finding)) return finding
  return notify(act, target, finding, 'finding.asked', { what: 'asked', by: act.actor.id })
}

/** Of a finding that nobody looks after. */
const nobody = { acknowledged_by: null, acknowledged_at: null, assigned_to: null, assigned_by: null }

const change = (act: Act, { id }: AboutFinding, columns: Record<string, unknown>) =>
  act.trx('findings').where({ id }).update(columns)

type ActionTaken = { what: string; by: string; to?: string; of?: string; until?: string; reason?: string }

/** Records the action and puts a message for each destination that received the finding, and for the assignee. */
async function notify(
  act: Act,
  target: Target,
  finding: AboutFinding,
  event: EventName,
  action: ActionTaken,
): Promise<AboutFinding> {
  const { what, by: _by, ...details } = action
  await record(act, {
    event,
    workspaceId: target.workspaceId,
    keyId: finding.keyId,
    details: { finding: finding.kind, ...details },
  })
  const subjectId = finding.groupId ?? finding.id
  const places = await act
    .trx('outbox')
    .where({ source: 'finding', item_id: finding.id, subject_id: subjectId })
    .distinct<{ destination: string }[]>('destination')
  const known = places.map(({ destination }) => destination)
  const destinations = new Set(action.to ? [...known, `dm:${action.to}`] : known)
  const messages = [...destinations].map(
    (destination): OutboxMessage => ({
      ...{ workspaceId: target.workspaceId, source: 'finding', itemId: finding.id, subjectId, destination },
      ...{ mode: 'thread', step: `${what}:${act.now.toISOString()}`, level: finding.level, body: action },
    }),
  )
  await put(act.trx, messages, act.now, target.random)
  return finding
}
