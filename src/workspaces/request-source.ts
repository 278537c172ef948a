import type { Executor } from '../foundation/database.ts'
import type { Source } from '../notifications/source.ts'
import { type KeyRequest, readRequests } from './requests.ts'

/** A live key of the integration that a key is requested for. */
export type Rival = { name: string; integration: string }

/** The content of messages about requests for keys. */
export type RequestContent =
  | { about: 'request'; request: KeyRequest; rival: Rival | null }
  | { about: 'request-denied'; request: KeyRequest }
  | { about: 'request-closed'; request: KeyRequest }

/** The request for those who decide; it loses its buttons once it is decided or closed. */
export const requests: Source = {
  async read(db, messages) {
    const ids = messages.map(({ subjectId }) => subjectId)
    const [known, rivals] = [await readRequests(db, ids), await rivalsOf(db, ids)]
    return messages.map(({ subjectId }) => {
      const request = known.get(subjectId)
      if (!request) return undefined
      const content: RequestContent = { about: 'request', request, rival: rivals.get(subjectId) ?? null }
      return { live: { content, isOver: request.state !== 'waiting' } }
    })
  },
}

/** The newest live key of the same integration, by the id of a request that waits. */
async function rivalsOf(db: Executor, ids: readonly string[]): Promise<Map<string, Rival>> {
  const { rows } = await db.raw(
    `select distinct on (r.id) r.id, k.name, k.integration
     from key_requests r join keys k on k.workspace_id = r.workspace_id
       and lower(k.integration) = lower(r.draft->>'integration') and k.integration <> '' and k.status <> 'revoked'
     where r.id = any(?) and r.state = 'waiting' order by r.id, k.created_at desc`,
    [[...ids]],
  )
  return new Map(rows.map(({ id, name, integration }: Rival & { id: string }) => [id, { name, integration }]))
}

/** The answer to the person who asked. A key that was approved is offered instead. */
export const requestAnswers: Source = {
  async read(db, messages) {
    const known = await readRequests(
      db,
      messages.map(({ subjectId }) => subjectId),
    )
    return messages.map(({ subjectId }) => {
      const request = known.get(subjectId)
      if (request?.state !== 'denied' && request?.state !== 'closed') return undefined
      const content: RequestContent = { about: `request-${request.state}`, request }
      return { said: { content }, ...(request.decidedBy ? { sender: request.decidedBy } : {}) }
    })
  },
}
