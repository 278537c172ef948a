import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { Key } from '../keys/key.ts'
import { deactivate } from '../keys/state.ts'
import type { Act } from '../members/actor.ts'
import type { Target } from './actions.ts'
import type { Kind } from './finding.ts'
import { lockFinding } from './store.ts'

const reasons: Partial<Record<Kind, string>> = { 'unusual-use': 'unusual use', leaked: 'reported as leaked' }

/** Deactivates the key of an open finding that is, or may be, a leak. Refuses when the finding is resolved. */
export async function quarantineFromAlert(act: Act, target: Omit<Target, 'random'>): Promise<Key | Refusal> {
  const finding = await lockFinding(act, 'key.deactivate', target, Object.keys(reasons) as Kind[])
  return isRefusal(finding)
    ? finding
    : deactivate(act, target.workspaceId, finding.keyId, reasons[finding.kind])
}
