import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import type { Key } from './key.ts'
import { keyColumns, lockKey, toKey } from './store.ts'
import { generateToken, type Token } from './token.ts'

const replaceableHours = 24

/**
 * A new token for a key whose token was shown but not kept: for whoever revealed it, within a day, while nothing
 * has used it. The old token is void from the commit on. Anything else is a rotation.
 */
export async function replace(
  act: Act,
  workspaceId: string,
  keyId: string,
  means: { random: Random; tokenPrefix: string },
): Promise<{ key: Key; token: Token } | Refusal> {
  const found = await lockKey(act.trx, workspaceId, keyId)
  if (!found) return noSuchKey({ action: 'key.replace', keyId })
  const refusal = await authorise(act, 'key.replace', { workspaceId, ownerId: found.ownerId, keyId })
  if (refusal) return refusal
  const used = await act.trx('key_usage').where({ key_id: keyId }).first('key_id')
  const blocked = cannotReplace(found, act.actor.id, used !== undefined, act.now)
  if (blocked) return blocked

  const token = generateToken(means.tokenPrefix, means.random)
  const [row] = await act
    .trx('keys')
    .where({ id: keyId, status: 'active' })
    .update({ hint: token.hint, token_hash: token.hash() })
    .returning(keyColumns)
  const key = toKey(row)
  await record(act, {
    event: 'key.replaced',
    workspaceId,
    keyId,
    details: { hint: key.hint, formerHint: found.hint },
  })
  return { key, token }
}

/** Why this person cannot have another token for the key now; nothing when they can. */
export function cannotReplace(key: Key, actorId: string, used: boolean, now: Date): Refusal | undefined {
  const rotateInstead = { next: say`Rotate it instead: ${{ code: `/keys rotate ${key.hint ?? ''}` }}.` }
  if (key.status !== 'active') return refuse('changed', say`${{ name: key.name }} is no longer active.`)
  if (key.revealedBy !== actorId)
    return refuse('forbidden', say`Only ${{ user: key.revealedBy! }}, who revealed it, can replace it.`, {
      logged: { action: 'key.replace', keyId: key.id },
    })
  if (used) return refuse('already', say`${{ name: key.name }} is in use, so somebody has it.`, rotateInstead)
  const until = key.revealedAt!.getTime() + replaceableHours * 3_600_000
  if (now.getTime() > until)
    return refuse('expired', say`A key can be replaced for ${replaceableHours} hours.`, rotateInstead)
  return undefined
}
