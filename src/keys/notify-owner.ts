import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import type { Source } from '../notifications/source.ts'
import type { Key } from './key.ts'
import { keyColumns, toKey } from './store.ts'

/** A change that somebody else made to the owner's key. */
export type OwnerNews = 'deactivate' | 'activate' | 'revoke' | 'given'

/** The content of messages to the owner of a key. */
export type OwnerContent =
  | { about: 'key-offer'; key: Key; by: string; isVoid: boolean }
  | { about: 'key-changed'; what: OwnerNews; by: string; name: string; hint: string | null }

/**
 * Offers the owner of an unrevealed key its token. Part of the act that made it theirs. `isVoid`: the token that they
 * were to see was not shown safely, and they reveal another.
 */
export async function offerKey(
  { trx, now, actor }: Act,
  key: Key,
  random: Random,
  { isVoid = false } = {},
): Promise<void> {
  const { id, workspaceId, ownerId } = key
  const message = {
    ...{ workspaceId, source: 'key-offer', subjectId: id, mode: 'once' as const },
    step: `${isVoid ? 'void' : 'offered'}:${now.toISOString()}`,
    destination: `dm:${ownerId}`,
    body: { by: actor.id, isVoid },
  }
  await put(trx, [message], now, random)
}

/** Notifies the owner of another person's change to their key. Part of that act. */
export async function notifyOwner(
  { trx, now, actor }: Act,
  { id, workspaceId, ownerId, name, hint }: Key,
  what: OwnerNews,
  random: Random,
): Promise<void> {
  if (ownerId === actor.id) return
  const message = {
    ...{ workspaceId, source: 'key-changed', subjectId: id, mode: 'once' as const },
    step: `${what}:${now.toISOString()}`,
    destination: `dm:${ownerId}`,
    body: { what, by: actor.id, name, hint },
  }
  await put(trx, [message], now, random)
}

/** An offer is moot once the key is revealed, lapsed or somebody else's. */
export const keyOffers: Source = {
  async read(db, messages) {
    const ids = messages.map(({ subjectId }) => subjectId)
    const rows = await db('keys').whereIn('id', ids).where({ status: 'unrevealed' }).select(keyColumns)
    const keys = new Map(rows.map(toKey).map((key) => [key.id, key]))
    return messages.map(({ subjectId, destination, body }) => {
      const key = keys.get(subjectId)
      if (!key || destination !== `dm:${key.ownerId}`) return undefined
      const by = String(body.by)
      const content: OwnerContent = { about: 'key-offer', key, by, isVoid: body.isVoid === true }
      return { said: { content }, sender: by }
    })
  },
}

/** Says what happened, as it was then. */
export const keyChanges: Source = {
  read: async (_, messages) =>
    messages.map(({ body }) => ({ said: { content: { about: 'key-changed', ...body } as OwnerContent } })),
}
