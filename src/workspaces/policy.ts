import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { authorise } from '../policy/authorise.ts'
import { checkTerms, readTerms, type Terms, versionOf } from '../policy/terms.ts'

/**
 * Sets a workspace's terms. They apply from the next act on and change no existing key. `version` is of the terms
 * that were shown: a concurrent change is not overwritten.
 */
export async function setPolicy(
  act: Act,
  workspaceId: string,
  wanted: unknown,
  version?: string,
): Promise<Terms | Refusal> {
  const refusal = await authorise(act, 'policy.set', { workspaceId })
  if (refusal) return refusal
  const terms = checkTerms(wanted)
  if ('wrong' in terms) {
    const { term, why } = terms.wrong[0]!
    return refuse('invalid', why, { field: term })
  }
  const row = await act.trx('workspaces').where({ id: workspaceId }).forUpdate().first('terms')
  const before = readTerms(row.terms)
  if (version !== undefined && version !== versionOf(before))
    return refuse('changed', 'The policy changed while this was open.', {
      next: 'Open it again to see how it is now.',
    })
  const lonely = await lacksApprover(act.trx, workspaceId, terms)
  if (lonely) return lonely
  const changed = (Object.keys(terms) as (keyof Terms)[]).filter((term) => terms[term] !== before[term])
  if (changed.length === 0) return terms
  await act
    .trx('workspaces')
    .where({ id: workspaceId })
    .update({ terms: JSON.stringify(terms) })
  const changes = Object.fromEntries(changed.map((term) => [term, [before[term], terms[term]]]))
  await record(act, { event: 'policy.set', workspaceId, details: { changes } })
  return terms
}

/** Refuses approval while only one person could give it. */
export async function lacksApprover(
  db: Executor,
  workspaceId: string,
  terms: Pick<Terms, 'writeNeedsApproval'>,
): Promise<Refusal | undefined> {
  if (!terms.writeNeedsApproval || (await inCharge(db, workspaceId)).length > 1) return undefined
  return refuse('invalid', 'There is one person who could approve. Add a manager or an owner first.', {
    field: 'writeNeedsApproval',
  })
}
