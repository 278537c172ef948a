import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Key } from '../keys/key.ts'
import { deactivate } from '../keys/state.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Target } from './actions.ts'
import { lockFinding } from './store.ts'

/** Deactivates the key of an alert whose use looks like a leak. An alert that is settled stops nothing any more. */
export async function quarantineFromAlert(act: Act, target: Omit<Target, 'random'>): Promise<Key | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (finding?.kind !== 'unusual-use') return noSuchKey({ action: 'key.deactivate' })
  const { keyId, ownerId } = finding
  const refusal = await authorise(act, 'key.deactivate', { workspaceId, ownerId, keyId })
  if (refusal) return refusal
  if (finding.resolvedAt) return refuse('already', 'This is settled already; the alert says how.')
  return deactivate(act, workspaceId, keyId, 'unusual use')
}
