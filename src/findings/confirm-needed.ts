import { record } from '../audit/record.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Target } from './deeds.ts'
import { type AboutFinding, lockFinding } from './store.ts'

/** Somebody says that the key is still needed: it counts as in use from now on, and the idle finding ends by that. */
export async function confirmNeeded(act: Act, target: Target): Promise<AboutFinding | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (!finding) return noSuchKey({ action: 'key.confirm-needed' })
  const { keyId, ownerId } = finding
  const refusal = await authorise(act, 'key.confirm-needed', { workspaceId, ownerId, keyId })
  if (refusal) return refusal
  if (finding.resolvedAt) return refuse('already', 'This is settled already; the alert says how.')
  await act.trx('keys').where({ id: keyId }).update({ needed_at: act.now, needed_by: act.actor.id })
  await record(act, { event: 'key.confirmed-needed', workspaceId, keyId })
  return finding
}
