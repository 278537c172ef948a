import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say, who } from '../foundation/words.ts'
import { lockKeys } from '../keys/store.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Action } from '../policy/may.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { factsOf } from './facts.ts'
import type { Facts } from './phase.ts'
import { findRotation, type Rotation, toRotation } from './rotation.ts'

export type Locked = { rotation: Rotation; facts: Facts; policy: Policy }

/**
 * A running rotation with both keys and its facts, locked until the transaction ends: key rows by id first, as
 * everywhere. Refuses who may not, and what is over.
 */
export async function lockRunning(
  act: Act,
  workspaceId: string,
  id: string,
  action: Extract<Action, `rotation.${string}`>,
): Promise<Locked | Refusal> {
  const seen = await findRotation(act.trx, workspaceId, id)
  if (!seen) return noSuchKey({ action })
  const refusal = await authorise(act, action, { workspaceId, keyId: seen.predecessorId })
  if (refusal) return refusal
  const keyIds = [seen.predecessorId, seen.successorId]
  await lockKeys(act.trx, workspaceId, keyIds)
  const row = await act.trx('rotations').where({ id }).forUpdate().first()
  const rotation = toRotation(row)
  if (rotation.endedAt) return ended(rotation)
  const { policy } = await act.trx('workspaces').where({ id: workspaceId }).first('policy')
  const [facts] = await factsOf(act.trx, [rotation], act.now)
  return { rotation, facts: facts!, policy: readPolicy(policy) }
}

const ended = ({ phase, endedBy, endedAt }: Rotation): Refusal =>
  refuse('already', say`${who(endedBy!)} ${phase} this rotation on ${{ moment: endedAt! }}.`)
