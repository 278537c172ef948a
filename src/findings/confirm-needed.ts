import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { confirmNeeded } from '../keys/needed.ts'
import type { Act } from '../members/actor.ts'
import { noSuchKey } from '../policy/authorise.ts'
import type { Target } from './actions.ts'
import { type AboutFinding, lockFinding } from './store.ts'

/** Somebody says that the key of an alert is still needed, and the finding ends by that. */
export async function confirmFromAlert(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (!finding) return noSuchKey({ action: 'key.confirm-needed' })
  const confirmed = finding.resolvedAt
    ? resolvedAlready
    : await confirmNeeded(act, workspaceId, [finding.keyId])
  return isRefusal(confirmed) ? confirmed : finding
}

const resolvedAlready = refuse('already', 'This is settled already; the alert says how.')
