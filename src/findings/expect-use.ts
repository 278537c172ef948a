import { type Expected, expectEpisode } from '../anomaly/expect.ts'
import { record } from '../audit/record.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Target } from './actions.ts'
import { type AboutFinding, lockFinding, resolvedAlready } from './store.ts'

/**
 * Marks the unusual use of an open finding as expected: the finding is resolved, and the detector expects such use from
 * now on. The expectation is audited and shown with the key, where it can be withdrawn.
 */
export async function expectUse(act: Act, target: Target, wanted: Expected): Promise<AboutFinding | Refusal> {
  const finding = await lockFinding(act, 'use.expect', target, ['unusual-use'])
  if (isRefusal(finding)) return finding
  const { keyId } = finding
  const reason = await expectEpisode(act, keyId, wanted, target.random)
  if (!reason) return resolvedAlready
  const details = { ...wanted, reason }
  await record(act, { event: 'use.expected', workspaceId: target.workspaceId, keyId, details })
  return finding
}
