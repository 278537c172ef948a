import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { refreshSoon } from '../notifications/posted-messages.ts'
import { quietUntil } from '../policy/quiet.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Fact, Question } from './finding.ts'
import { type Placed, place } from './group.ts'
import { asksIfNeeded, withNotice } from './notice.ts'
import { resolve } from './resolve.ts'
import type { Notified, Open, Round } from './round.ts'

/**
 * Makes the open findings of one kind in one workspace equal to the facts that are true now: opens the new ones,
 * escalates those that got worse, resolves those that are gone, and puts the messages about them. A second run changes
 * nothing; two at once wait for each other. Returns how many messages were put.
 */
export async function reconcile(
  trx: Transaction,
  question: Question,
  workspace: Workspace,
  now: Date,
  random: Random,
): Promise<number> {
  const round = { question, workspace, now, random }
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${workspace.id} ${question.kind}`])
  await question.refresh?.(trx, workspace, now)
  const asked = await question.ask(trx, workspace, now)
  const facts = asksIfNeeded(question.kind)
    ? await withNotice(trx, workspace, question.kind, asked, now)
    : asked
  const open: Open[] = await trx('findings')
    .where({ workspace_id: workspace.id, kind: question.kind })
    .whereNull('resolved_at')
    .select('id', 'key_id', 'step', 'level', 'group_id', 'assigned_to')

  const known = new Map(open.map((finding) => [finding.key_id, finding]))
  const fresh = facts.filter((fact) => !known.has(fact.keyId)).map((fact) => asNew(fact, random))
  const worse = facts.flatMap((fact) => asWorse(fact, known.get(fact.keyId)))
  const still = new Set(facts.map((fact) => fact.keyId))
  const gone = open.filter((finding) => !still.has(finding.key_id))

  const deescalated = question.moves ? await keepCurrent(trx, question, facts, known, now) : []
  const placed = await place(trx, round, [...fresh, ...worse])
  await openNew(trx, round, placed.slice(0, fresh.length))
  await escalate(trx, placed.slice(fresh.length), now)
  const messages = [
    ...[...placed, ...deescalated].flatMap((finding) => messagesFor(round, finding)),
    ...(await resolve(trx, round, gone)),
  ]
  await put(trx, messages, now, random)
  return messages.length
}

const asNew = (fact: Fact, random: Random): Notified => ({
  ...fact,
  id: newId('fnd', random),
  before: undefined,
})

const asWorse = (fact: Fact, before: Open | undefined): Notified[] =>
  before && fact.level > before.level ? [{ ...fact, id: before.id, before }] : []

/** A message for the channel, and for the person who was given the finding. */
function messagesFor({ workspace, now }: Round, finding: Placed): OutboxMessage[] {
  const assignee = finding.before?.assigned_to
  const places = [`channel:${workspace.policy.alertChannel}`, ...(assignee ? [`dm:${assignee}`] : [])]
  return places.map((destination) => ({
    workspaceId: workspace.id,
    source: 'finding',
    mode: 'thread',
    itemId: finding.id,
    subjectId: finding.groupId ?? finding.id,
    step: finding.step,
    level: finding.level,
    destination,
    notBefore: finding.severity === 'critical' ? undefined : quietUntil(workspace.policy, now),
  }))
}

async function openNew(trx: Transaction, round: Round, findings: Placed[]): Promise<void> {
  if (findings.length === 0) return
  await trx.raw(
    `insert into findings (id, workspace_id, kind, key_id, step, level, severity, facts, group_id, opened_at, changed_at)
     select id, :workspace, :kind, "keyId", step, level, severity, facts, "groupId", :now, :now
     from jsonb_to_recordset(:findings) as f (id text, "keyId" text, step text, level integer, severity text,
       facts jsonb, "groupId" text)`,
    {
      workspace: round.workspace.id,
      kind: round.question.kind,
      now: round.now,
      findings: JSON.stringify(findings),
    },
  )
}

/**
 * Keeps the facts of open findings current; alerts show them when they are next edited, which some kinds ask for. Returns the findings that
 * de-escalated.
 */
async function keepCurrent(
  trx: Transaction,
  { edits }: Question,
  facts: readonly Fact[],
  known: ReadonlyMap<string, Open>,
  now: Date,
): Promise<Placed[]> {
  const current = facts.flatMap((fact) => {
    const before = known.get(fact.keyId)
    return before && before.level >= fact.level ? [{ ...fact, id: before.id, before }] : []
  })
  if (current.length === 0) return []
  const { rows } = await trx.raw(
    `update findings set step = c.step, level = c.level, severity = c.severity, facts = c.facts
     from jsonb_to_recordset(?) as c (id text, step text, level integer, severity text, facts jsonb)
     where findings.id = c.id and (findings.level, findings.facts) is distinct from (c.level, c.facts)
     returning coalesce(group_id, findings.id) as subject`,
    [JSON.stringify(current)],
  )
  const subjects = (rows as { subject: string }[]).map(({ subject }) => subject)
  if (edits && subjects.length > 0) await refreshSoon(trx, 'finding', subjects)
  const deescalated = current.filter(({ before, level }) => before.level > level)
  return deescalated.map((one) => ({
    ...one,
    step: `eased:${now.toISOString()}`,
    groupId: one.before.group_id,
  }))
}

/** Escalates findings, which unsnoozes them. Their assignee and acknowledgement stay. */
async function escalate(trx: Transaction, findings: Placed[], now: Date): Promise<void> {
  if (findings.length === 0) return
  await trx.raw(
    `update findings set step = c.step, level = c.level, severity = c.severity, facts = c.facts,
       left_group_id = case when group_id is distinct from c."groupId" then group_id else left_group_id end,
       group_id = c."groupId", changed_at = ?, snoozed_until = null, snoozed_by = null, snooze_reason = null
     from jsonb_to_recordset(?) as c (id text, step text, level integer, severity text, facts jsonb, "groupId" text)
     where findings.id = c.id`,
    [now, JSON.stringify(findings)],
  )
}
