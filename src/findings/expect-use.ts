import { type Expected, expectEpisode } from '../anomaly/expect.ts'
import { record } from '../audit/record.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Target } from './actions.ts'
import { type AboutFinding, lockFinding } from './store.ts'

/**
 * "Expected": the alert ends, and the detector knows better. Stored, audited, and shown with the key, where it can be
 * taken back.
 */
export async function expectUse(act: Act, target: Target, wanted: Expected): Promise<AboutFinding | Refusal> {
  const { workspaceId } = target
  const finding = await lockFinding(act.trx, workspaceId, target.findingId)
  if (finding?.kind !== 'unusual-use') return noSuchKey({ action: 'use.expect' })
  const { keyId, ownerId } = finding
  const refusal = await authorise(act, 'use.expect', { workspaceId, ownerId, keyId })
  if (refusal) return refusal
  const reason = finding.resolvedAt ? undefined : await expectEpisode(act, keyId, wanted, target.random)
  if (!reason) return refuse('already', 'This is settled already; the alert says how.')
  await record(act, {
    event: 'use.expected',
    workspaceId,
    keyId,
    details: { ...wanted, reason },
  })
  return finding
}
