import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import { addDays } from '../foundation/time.ts'
import { type Act, actorName } from '../members/actor.ts'
import { issue, type KeyRequest } from './issue.ts'
import type { Key } from './key.ts'
import { keyColumns, toKey } from './store.ts'
import { generateToken } from './token.ts'

/**
 * Creates a key that is active at once, with a token that is shown to nobody and forgotten here: a verifier can judge it by
 * its hash, and nobody can use it. For the canary.
 */
export async function issueUnshown(
  act: Act,
  workspaceId: string,
  request: KeyRequest,
  { random, tokenPrefix, timeZone }: { random: Random; tokenPrefix: string; timeZone: string },
): Promise<Key | Refusal> {
  const issued = await issue(act, workspaceId, request, random)
  if (isRefusal(issued)) return issued
  const token = generateToken(tokenPrefix, random)
  const { id: keyId, lifetimeDays } = issued
  const [row] = await act
    .trx('keys')
    .where({ id: keyId })
    .update({
      status: 'active',
      hint: token.hint,
      token_hash: token.hash(),
      expires_at: lifetimeDays ? addDays(act.now, lifetimeDays, timeZone) : null,
      status_changed_at: act.now,
      status_changed_by: actorName(act.actor),
    })
    .returning(keyColumns)
  await record(act, { event: 'key.activated', workspaceId, keyId, details: { reason: 'shown to nobody' } })
  return toKey(row)
}
