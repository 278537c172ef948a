import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { Key } from '../keys/key.ts'
import { deactivate } from '../keys/state.ts'
import type { Act } from '../members/actor.ts'
import type { Target } from './actions.ts'
import { lockFinding } from './store.ts'

/** Deactivates the key of an open unusual-use finding that may be a leak. Refuses when the finding is resolved. */
export async function quarantineFromAlert(act: Act, target: Omit<Target, 'random'>): Promise<Key | Refusal> {
  const finding = await lockFinding(act, 'key.deactivate', target, 'unusual-use')
  return isRefusal(finding) ? finding : deactivate(act, target.workspaceId, finding.keyId, 'unusual use')
}
