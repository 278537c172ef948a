import type { Executor } from '../foundation/database.ts'
import { inCharge } from '../members/member.ts'
import type { Source, Waiting } from '../notifications/source.ts'
import { type KeyRequest, readRequests } from './requests.ts'

/** A live key of the integration that a key is requested for. */
export type Rival = { name: string; integration: string }

/** The content of messages about requests for keys. */
export type RequestContent =
  | { about: 'request'; request: KeyRequest; rival: Rival | null }
  | { about: 'request-waits'; request: KeyRequest; days: number }
  | { about: 'request-answered'; request: KeyRequest }

/**
 * The request for those who decide; it loses its buttons once it is over. Reminders mention them below it, and reach
 * those who do not read the channel.
 */
export const requests: Source = {
  async read(db, messages) {
    const ids = messages.map(({ subjectId }) => subjectId)
    const [known, rivals] = [await readRequests(db, ids), await rivalsOf(db, ids)]
    const approvers = await approversOf(db, messages)
    return messages.map(({ subjectId, workspaceId, mode, body }) => {
      const request = known.get(subjectId)
      if (!request) return undefined
      const content: RequestContent = { about: 'request', request, rival: rivals.get(subjectId) ?? null }
      const live = { live: { content, isOver: request.state !== 'waiting' } }
      if (mode === 'live') return live
      if (request.state !== 'waiting') return undefined
      const concerned = (approvers.get(workspaceId) ?? []).filter((user) => user !== request.requestedBy)
      const waits: RequestContent = { about: 'request-waits', request, days: Number(body.days) }
      return { ...live, said: { content: waits, mentions: concerned }, concerned, mustBeRead: true }
    })
  },
}

/** The people in charge, whom a reminder mentions, by workspace. */
async function approversOf(db: Executor, messages: readonly Waiting[]): Promise<Map<string, string[]>> {
  const reminding = messages.filter(({ mode }) => mode === 'thread').map(({ workspaceId }) => workspaceId)
  const found = [...new Set(reminding)].map(async (id) => [id, await inCharge(db, id)] as const)
  return new Map(await Promise.all(found))
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

/** The answer to the person who asked. A key that was approved as they asked is offered instead. */
export const requestAnswers: Source = {
  async read(db, messages) {
    const known = await readRequests(
      db,
      messages.map(({ subjectId }) => subjectId),
    )
    return messages.map(({ subjectId }) => {
      const request = known.get(subjectId)
      if (!request || request.state === 'waiting') return undefined
      const content: RequestContent = { about: 'request-answered', request }
      return { said: { content }, ...(request.decidedBy ? { sender: request.decidedBy } : {}) }
    })
  },
}
