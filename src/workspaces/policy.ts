import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { lockWorkspace } from '../members/lock.ts'
import { inCharge } from '../members/member.ts'
import { authorise } from '../policy/authorise.ts'
import { checkPolicy, type Policy, readPolicy, versionOf } from '../policy/policy.ts'

/**
 * Sets a workspace's rules. They apply from the next act on and change no existing key. `version` is of the rules
 * that were shown: a concurrent change is not overwritten.
 */
export async function setPolicy(
  act: Act,
  workspaceId: string,
  wanted: unknown,
  version?: string,
): Promise<Policy | Refusal> {
  const refusal = await authorise(act, 'policy.set', { workspaceId })
  if (refusal) return refusal
  const policy = checkPolicy(wanted)
  if ('wrong' in policy) {
    const { rule, why } = policy.wrong[0]!
    return refuse('invalid', why, { field: rule })
  }
  await lockWorkspace(act, workspaceId)
  const row = await act.trx('workspaces').where({ id: workspaceId }).first('policy')
  const before = readPolicy(row.policy)
  if (version !== undefined && version !== versionOf(before))
    return refuse('changed', 'The policy changed while this was open.', {
      next: 'Open it again to see how it is now.',
    })
  const lonely = await lacksApprover(act.trx, workspaceId, policy)
  if (lonely) return lonely
  const [rules, former] = [flat(policy), flat(before)]
  const changed = Object.keys({ ...former, ...rules }).filter((rule) => rules[rule] !== former[rule])
  if (changed.length === 0) return policy
  await act
    .trx('workspaces')
    .where({ id: workspaceId })
    .update({ policy: JSON.stringify(policy) })
  const changes = Object.fromEntries(
    changed.map((rule) => [rule, [former[rule] ?? null, rules[rule] ?? null]]),
  )
  await record(act, { event: 'policy.set', workspaceId, details: { changes } })
  return policy
}

/** Each rule by its name; one within others as `leaked.scanner.write`. */
function flat(rules: object, above = ''): Record<string, unknown> {
  const entries = Object.entries(rules).map(([name, rule]) =>
    typeof rule === 'object' && !Array.isArray(rule)
      ? flat(rule, `${above}${name}.`)
      : { [`${above}${name}`]: Array.isArray(rule) ? rule.join(', ') : rule },
  )
  return Object.assign({}, ...entries)
}

/** Refuses approval while only one person could give it. */
export async function lacksApprover(
  db: Executor,
  workspaceId: string,
  policy: Pick<Policy, 'writeNeedsApproval'>,
): Promise<Refusal | undefined> {
  if (!policy.writeNeedsApproval || (await inCharge(db, workspaceId)).length > 1) return undefined
  return refuse('invalid', 'There is one person who could approve. Add a manager or an owner first.', {
    field: 'writeNeedsApproval',
  })
}
