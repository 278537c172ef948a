import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { addDays } from '../foundation/time.ts'
import { isSlackUser, type Phrase, say } from '../foundation/words.ts'
import { type Act, actorName } from '../members/actor.ts'
import { noSuchKey } from '../policy/authorise.ts'
import type { Key } from './key.ts'
import { lapsesAt, offerDays, refreshOffers } from './offers.ts'
import { beginPending, endPending } from './pending-reveals.ts'
import { revokedAlready } from './revoked.ts'
import { keyColumns, lockKeyFor, toKey } from './store.ts'
import { generateToken, type Token } from './token.ts'

/**
 * Generates the token of an unrevealed key and commits its hash; the key is active from then on and its expiry
 * counts from now. The row is locked and the right is checked again, so that of several clicks one gets the
 * token and only its owner can.
 */
export async function reveal(
  act: Act,
  workspaceId: string,
  keyId: string,
  deps: { random: Random; tokenPrefix: string; timeZone: string },
): Promise<{ key: Key; token: Token } | Refusal> {
  const found = await lockKeyFor(act, 'key.reveal', workspaceId, keyId)
  if (isRefusal(found)) return found
  // A manager may do much, but a token is for its owner alone.
  if (found.ownerId !== act.actor.id)
    return refuse('forbidden', say`Only ${{ user: found.ownerId }} can reveal this key.`, {
      logged: { action: 'key.reveal', keyId },
    })
  if (found.status !== 'unrevealed')
    return found.status === 'revoked' ? endedBeforeReveal(found) : revealedAlready(found, act.actor.id)

  const lapses = lapsesAt(found)
  if (lapses && act.now >= lapses)
    return refuse('expired', `This offer lapsed after ${offerDays} days.`, { next: 'Ask for a new key.' })

  const token = generateToken(deps.tokenPrefix, deps.random)
  const [row] = await act
    .trx('keys')
    .where({ id: keyId, status: 'unrevealed' })
    .update({
      status: 'active',
      hint: token.hint,
      token_hash: token.hash(),
      revealed_by: act.actor.id,
      revealed_at: act.now,
      expires_at: found.lifetimeDays ? addDays(act.now, found.lifetimeDays, deps.timeZone) : null,
      status_changed_at: act.now,
      status_changed_by: actorName(act.actor),
    })
    .returning(keyColumns)
  const key = toKey(row)
  await record(act, {
    event: 'key.revealed',
    workspaceId,
    keyId,
    details: { hint: key.hint, expiresAt: key.expiresAt },
  })
  await beginPending(act, key)
  await refreshOffers(act.trx, [keyId])
  return { key, token }
}

const revealedAlready = (key: Key, actorId: string): Refusal =>
  refuse(
    'already',
    say`${revealer(key, actorId)} revealed ${{ name: key.name }} on ${{ moment: key.revealedAt! }}.`,
    {
      next: say`If it did not reach a safe place, replace or rotate it: ${{ code: `/keys show ${key.hint ?? key.id}` }}.`,
    },
  )

const revealer = ({ revealedBy }: Key, actorId: string): Phrase =>
  revealedBy === actorId ? ['You'] : revealedBy ? [{ user: revealedBy }] : ['Somebody']

/** A key that ended before anybody saw it: somebody revoked it, or its offer lapsed. */
const endedBeforeReveal = (key: Key): Refusal =>
  isSlackUser(key.statusChangedBy)
    ? revokedAlready(key)
    : refuse('expired', `This offer lapsed after ${offerDays} days.`, { next: 'Ask for a new key.' })

/**
 * Takes the reveal of the token with that hint back: the token is void and the key waits again, as if nobody had looked.
 * For when there is no evidence that the token reached `revealedBy`. Once more is no refusal, and leaves a token that was
 * revealed meanwhile as it is: the first attempt may not have been heard. So it does with one that was saved or ended
 * meanwhile: the key says which.
 */
export async function voidReveal(
  act: Act,
  workspaceId: string,
  { keyId, hint }: { keyId: string; hint: string | null },
  revealedBy: string,
): Promise<Key | Refusal> {
  const [row] = await act
    .trx('keys')
    .where({ id: keyId, workspace_id: workspaceId, status: 'active', revealed_by: revealedBy, hint })
    .whereNull('saved_at')
    .update({
      status: 'unrevealed',
      hint: null,
      token_hash: null,
      revealed_by: null,
      revealed_at: null,
      saved_at: null,
      expires_at: null,
      status_changed_at: act.now,
      status_changed_by: actorName(act.actor),
    })
    .returning(keyColumns)
  if (!row) return voidAlready(act, workspaceId, keyId, hint)
  await record(act, { event: 'key.reveal-voided', workspaceId, keyId })
  await endPending(act.trx, { keyId, hint })
  await refreshOffers(act.trx, [keyId])
  return toKey(row)
}

async function voidAlready(
  act: Act,
  workspaceId: string,
  keyId: string,
  hint: string | null,
): Promise<Key | Refusal> {
  const row = await act
    .trx('keys')
    .where({ id: keyId, workspace_id: workspaceId })
    .whereRaw(`(hint is distinct from ? or saved_at is not null or status <> 'active')`, [hint])
    .first(keyColumns)
  return row ? toKey(row) : noSuchKey({ action: 'key.reveal', keyId })
}
