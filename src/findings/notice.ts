import { recordAll } from '../audit/record.ts'
import type { Transaction } from '../foundation/database.ts'
import { addDays } from '../foundation/time.ts'
import type { Policy } from '../policy/policy.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Fact, Kind } from './finding.ts'

/** The kinds after which the policy may deactivate the key. */
export type Noticed = 'idle' | 'unconfirmed'

/** Whether such a finding asks if its key is still needed. */
export const asksIfNeeded = (kind: Kind): kind is Noticed => kind === 'idle' || kind === 'unconfirmed'

/** Whether the policy deactivates keys with such a finding once their notice is over. */
export const endsInDeactivation = (policy: Policy, kind: Noticed): boolean =>
  (kind === 'idle' ? policy.idleKeys : policy.unconfirmedKeys) === 'deactivate'

/** In SQL, over a finding `f` and its notice `n`: the messages of that notice that somebody has. */
export const arrivedNotices = `from outbox o where o.source = 'finding' and o.item_id = f.id
  and o.step like 'notice:%' and o.put_at >= n.given_at and o.outcome = 'arrived'`

type Row = { key_id: string; deactivate_at: Date }

/**
 * Gives notice of each of these keys if the policy deactivates them: once, with the full period from the moment it is
 * given, however long the key has been idle. Withdraws notices whose finding or policy no longer holds. Returns the
 * facts, with the notice where there is one.
 */
export async function withNotice(
  trx: Transaction,
  workspace: Workspace,
  kind: Noticed,
  facts: readonly Fact[],
  now: Date,
): Promise<Fact[]> {
  const keyIds = endsInDeactivation(workspace.policy, kind) ? facts.map(({ keyId }) => keyId) : []
  const where = { workspace_id: workspace.id, kind }
  const known: Row[] = await trx('deactivation_notices').where(where).select('key_id', 'deactivate_at')
  const [wanted, given] = [new Set(keyIds), new Set(known.map((row) => row.key_id))]
  const withdrawn = known.filter((row) => !wanted.has(row.key_id)).map((row) => row.key_id)
  if (withdrawn.length > 0)
    await trx('deactivation_notices').where(where).whereIn('key_id', withdrawn).delete()
  const fresh = keyIds.filter((keyId) => !given.has(keyId))
  const { timeZone, noticeDays } = workspace.policy
  const deactivateAt = addDays(now, noticeDays, timeZone)
  await give(trx, workspace, kind, fresh, deactivateAt, now)
  const until = new Map(known.map((row) => [row.key_id, row.deactivate_at]))
  return facts.map((fact) =>
    wanted.has(fact.keyId) ? announced(fact, until.get(fact.keyId) ?? deactivateAt) : fact,
  )
}

/** A notice that is given again later is another step, so that it is notified again. */
const announced = (fact: Fact, at: Date): Fact => ({
  ...fact,
  step: `notice:${at.toISOString()}`,
  level: 1,
  severity: 'warning',
  facts: { ...fact.facts, deactivateAt: at.toISOString() },
})

async function give(
  trx: Transaction,
  { id: workspaceId }: Workspace,
  kind: Noticed,
  keyIds: readonly string[],
  deactivateAt: Date,
  now: Date,
): Promise<void> {
  if (keyIds.length === 0) return
  await trx.raw(
    `insert into deactivation_notices (workspace_id, kind, key_id, given_at, deactivate_at)
     select ?, ?, id, ?, ? from unnest(?::text[]) as id`,
    [workspaceId, kind, now, deactivateAt, [...keyIds]],
  )
  const details = { reason: kind, deactivateAt: deactivateAt.toISOString() }
  await recordAll(
    { actor: { kind: 'job', id: 'notices' }, now, trx },
    keyIds.map((keyId) => ({ event: 'key.notice-given', workspaceId, keyId, details })),
  )
}
