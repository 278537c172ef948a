import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import { confirmNeeded } from '../keys/needed.ts'
import type { Act } from '../members/actor.ts'
import type { Target } from './actions.ts'
import { type AboutFinding, lockFinding } from './store.ts'

/**
 * Confirms that the key of an open finding is still needed, which resolves the finding. Of a key that can change things
 * the reason is required.
 */
export async function confirmFromAlert(
  act: Act,
  target: Target,
  reason?: string,
): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'key.confirm-needed', target)
  if (isRefusal(finding)) return finding
  const confirmed = await confirmNeeded(
    act,
    target.workspaceId,
    [finding.keyId],
    reason === undefined ? {} : { reason },
  )
  return isRefusal(confirmed) ? confirmed : finding
}
