import { record } from '../audit/record.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { authorise } from '../policy/authorise.ts'
import { checkTerms, readTerms, type Terms } from '../policy/terms.ts'

/** Sets a workspace's rules. They hold from the next act on and change no key that exists. */
export async function setPolicy(act: Act, workspaceId: string, wanted: unknown): Promise<Terms | Refusal> {
  const refusal = await authorise(act, 'policy.set', { workspaceId })
  if (refusal) return refusal
  const terms = checkTerms(wanted)
  if ('wrong' in terms) {
    const { term, why } = terms.wrong[0]!
    return refuse('invalid', why, { field: term })
  }
  if (terms.writeNeedsApproval && (await inCharge(act.trx, workspaceId)).length < 2)
    return refuse('invalid', 'There is one person who could approve. Add a manager or an owner first.', {
      field: 'writeNeedsApproval',
    })
  const row = await act.trx('workspaces').where({ id: workspaceId }).forUpdate().first('terms')
  const before = readTerms(row.terms)
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
