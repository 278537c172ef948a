import { listEvents } from '../audit/list.ts'
import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { hourMs } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import type { Key } from './key.ts'
import { beginPending, endPending } from './pending-reveals.ts'
import { revokedAlready } from './revoked.ts'
import { keyColumns, lockKeyFor, toKey } from './store.ts'
import { generateToken, type Token } from './token.ts'

/** From the reveal on. */
export const replaceableHours = 24
/** A key is replaced within a day and while it is unused: what happened to it then is among its last events. */
const maxEvents = 200

/**
 * Gives a new token to a key whose token was shown but not kept: for the person who revealed it, within a day, while it
 * is unused and nobody has confirmed that it is saved. `hint` names the token to replace; one that took its place is not
 * replaced. The old token is void from the commit on. Anything else is a rotation.
 */
export async function replace(
  act: Act,
  workspaceId: string,
  { keyId, hint }: TokenRef,
  deps: { random: Random; tokenPrefix: string },
): Promise<{ key: Key; token: Token } | Refusal> {
  const found = await lockKeyFor(act, 'key.replace', workspaceId, keyId)
  if (isRefusal(found)) return found
  if (found.hint !== hint) return isForAnother(act.trx, found, hint)
  const used = await act.trx('key_usage').where({ key_id: keyId }).first('key_id')
  const blocked = cannotReplace(found, act.actor.id, used !== undefined, act.now)
  if (blocked) return blocked

  const token = generateToken(deps.tokenPrefix, deps.random)
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
  await beginPending(act, key)
  return { key, token }
}

/**
 * Records that the person who was shown a token saved it: from now on it is rotated, not replaced. A second call
 * changes nothing.
 */
export async function markSaved(
  act: Act,
  workspaceId: string,
  { keyId, hint }: TokenRef,
): Promise<Key | Refusal> {
  const found = await lockKeyFor(act, 'key.show', workspaceId, keyId)
  if (isRefusal(found)) return found
  if (found.status === 'revoked') return revokedAlready(found)
  if (found.hint !== hint) return isForAnother(act.trx, found, hint)
  if (found.revealedBy !== act.actor.id)
    return refuse('forbidden', say`Only ${{ user: found.revealedBy! }}, who was shown it, can say so.`, {
      logged: { action: 'key.show', keyId },
    })
  if (found.savedAt) return found
  const [row] = await act.trx('keys').where({ id: keyId }).update({ saved_at: act.now }).returning(keyColumns)
  await record(act, { event: 'key.saved', workspaceId, keyId, details: { hint } })
  await endPending(act.trx, { keyId, hint })
  return toKey(row)
}

/** Which token of a key a button speaks of; a button of an older version says only which key. */
export type TokenRef = { keyId: string; hint: string }

/** The refusal for a button whose key has another token by now, or that does not name its token. */
async function isForAnother(db: Executor, { id, workspaceId, name, hint: now }: Key, hint: string) {
  const open = { next: say`See how it is now: ${{ code: `/keys show ${now ?? name}` }}.` }
  if (hint === '')
    return refuse(
      'changed',
      say`This button is from an older version and does not say which key of ${{ name }} it is for. Nothing changed.`,
      open,
    )
  const at = await replacedAt(db, { id, workspaceId }, hint)
  const former = say`This button is for ${{ code: hint }}, which ${at ? say`was replaced on ${{ moment: at }} and ` : ''}no longer works.`
  return refuse('changed', now ? say`${former} ${{ name }} is ${{ code: now }} now.` : former, open)
}

/** When the token with that hint was replaced, as it was recorded. */
export async function replacedAt(
  db: Executor,
  { id, workspaceId }: Pick<Key, 'id' | 'workspaceId'>,
  hint: string,
): Promise<Date | undefined> {
  const events = await listEvents(db, { workspaceId, keyId: id, limit: maxEvents })
  return events.find(({ event, details }) => event === 'key.replaced' && details.formerHint === hint)?.at
}

/** Why this person cannot have another token for the key now; nothing when they can. */
export function cannotReplace(key: Key, actorId: string, used: boolean, now: Date): Refusal | undefined {
  const rotateInstead = { next: say`Rotate it instead: ${{ code: `/keys rotate ${key.hint ?? key.name}` }}.` }
  if (key.status !== 'active') return refuse('changed', say`${{ name: key.name }} is no longer active.`)
  if (key.revealedBy !== actorId)
    return refuse('forbidden', say`Only ${{ user: key.revealedBy! }}, who revealed it, can replace it.`, {
      logged: { action: 'key.replace', keyId: key.id },
    })
  if (key.savedAt)
    return refuse(
      'already',
      say`You saved ${{ name: key.name }} on ${{ moment: key.savedAt }}, so it is not replaced.`,
      rotateInstead,
    )
  if (used) return refuse('already', say`${{ name: key.name }} is in use, so somebody has it.`, rotateInstead)
  const until = key.revealedAt!.getTime() + replaceableHours * hourMs
  if (now.getTime() > until)
    return refuse('expired', say`A key can be replaced for ${replaceableHours} hours.`, rotateInstead)
  return undefined
}
