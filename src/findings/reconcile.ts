import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Letter, put } from '../outbox/outbox.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Fact, Question } from './finding.ts'

type Open = { id: string; key_id: string; step: string }

/**
 * Makes the open findings of one kind in one workspace equal to what is true now: opens what is new, raises what
 * got worse, resolves what is gone, and writes to the outbox what people must hear. Running it twice changes
 * nothing the second time; two at once wait for each other. Returns how many letters were put.
 */
export async function reconcile(
  trx: Transaction,
  question: Question,
  workspace: Workspace,
  now: Date,
  random: Random,
): Promise<number> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${workspace.id} ${question.kind}`])
  const facts = await question.ask(trx, workspace, now)
  const open: Open[] = await trx('findings')
    .where({ workspace_id: workspace.id, kind: question.kind })
    .whereNull('resolved_at')
    .select('id', 'key_id', 'step')

  const known = new Map(open.map((finding) => [finding.key_id, finding]))
  const fresh = facts.filter((fact) => !known.has(fact.keyId))
  const worse = facts.filter((fact) => isWorse(question, known.get(fact.keyId)?.step, fact.step))
  const still = new Set(facts.map((fact) => fact.keyId))
  const gone = open.filter((finding) => !still.has(finding.key_id))

  const told = [
    ...(await openNew(trx, question, workspace, fresh, now, random)),
    ...(await raise(trx, worse, known, now)),
    ...(await resolve(trx, gone, now)),
  ]
  const destination = `channel:${workspace.terms.alertChannel}`
  const letters: Letter[] = told.map((step) => ({ ...step, workspaceId: workspace.id, destination }))
  await put(trx, letters, now, random)
  return letters.length
}

type Told = { findingId: string; step: string }

function isWorse(question: Question, before: string | undefined, after: string): boolean {
  return before !== undefined && question.steps.indexOf(after) > question.steps.indexOf(before)
}

async function openNew(
  trx: Transaction,
  question: Question,
  workspace: Workspace,
  facts: Fact[],
  now: Date,
  random: Random,
): Promise<Told[]> {
  if (facts.length === 0) return []
  const rows = facts.map((fact) => ({
    id: newId('fnd', random),
    workspace_id: workspace.id,
    kind: question.kind,
    key_id: fact.keyId,
    step: fact.step,
    severity: fact.severity,
    facts: JSON.stringify(fact.facts),
    opened_at: now,
    changed_at: now,
  }))
  await trx.batchInsert('findings', rows, 1000)
  return rows.map((row) => ({ findingId: row.id, step: row.step }))
}

async function raise(trx: Transaction, facts: Fact[], known: Map<string, Open>, now: Date): Promise<Told[]> {
  if (facts.length === 0) return []
  const changes = facts.map((fact) => ({ ...fact, id: known.get(fact.keyId)!.id }))
  await trx.raw(
    `update findings set step = c.step, severity = c.severity, facts = c.facts, changed_at = ?
     from jsonb_to_recordset(?) as c (id text, step text, severity text, facts jsonb)
     where findings.id = c.id`,
    [now, JSON.stringify(changes)],
  )
  return changes.map((change) => ({ findingId: change.id, step: change.step }))
}

/** What is no longer true was made so by whoever changed the key last; the key's row says who. */
async function resolve(trx: Transaction, gone: Open[], now: Date): Promise<Told[]> {
  if (gone.length === 0) return []
  await trx.raw(
    `update findings set resolved_at = :now, changed_at = :now, resolution = jsonb_build_object(
       'what', case keys.status when 'revoked' then 'revoked' when 'inactive' then 'deactivated' else 'renewed' end,
       'by', keys.status_changed_by, 'at', keys.status_changed_at)
     from keys where keys.id = findings.key_id and findings.id = any(:ids)`,
    { now, ids: gone.map((finding) => finding.id) },
  )
  return gone.map((finding) => ({ findingId: finding.id, step: 'resolved' }))
}
