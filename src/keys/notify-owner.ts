import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import type { Source } from '../notifications/source.ts'
import type { Key } from './key.ts'

/** A change that somebody else made to the owner's key. */
export type OwnerNews = 'deactivate' | 'activate' | 'revoke' | 'given'

/** The content of such a message to the owner. */
export type OwnerContent = {
  about: 'key-changed'
  what: OwnerNews
  by: string
  name: string
  hint: string | null
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

/** Says what happened, as it was then. */
export const keyChanges: Source = {
  read: async (_, messages) =>
    messages.map(({ body }) => ({ said: { content: { about: 'key-changed', ...body } as OwnerContent } })),
}
