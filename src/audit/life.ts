import type { Executor } from '../foundation/database.ts'
import type { LifeEvent } from './evidence-file.ts'

type Row = { seq: number; body: string }

const toLifeEvent = ({ seq, body }: Row): LifeEvent => ({ ...JSON.parse(body), seq })

/** Every event about these keys, in order. */
export async function eventsOfKeys(
  db: Executor,
  workspaceId: string,
  keyIds: readonly string[],
): Promise<LifeEvent[]> {
  const rows: Row[] = await db('audit_events')
    .where({ workspace_id: workspaceId })
    .whereIn('key_id', [...keyIds])
    .orderBy('seq')
    .select('seq', 'body')
  return rows.map(toLifeEvent)
}

/** The events in which these requests were made, each by the person who is named with it. */
export async function requestsMade(
  db: Executor,
  workspaceId: string,
  requests: readonly { request: string; by: string }[],
): Promise<LifeEvent[]> {
  const { rows } = await db.raw(
    `select seq, body from audit_events
     where workspace_id = :workspaceId and actor_id = any(:people) and event = 'request.made'
       and body::jsonb #>> '{details,request}' = any(:ids)`,
    {
      workspaceId,
      people: [...new Set(requests.map(({ by }) => by))],
      ids: requests.map(({ request }) => request),
    },
  )
  return rows.map(toLifeEvent)
}

/** The receipts of changes to several keys at once that name one of these. */
export async function receiptsForSeveral(
  db: Executor,
  workspaceId: string,
  keyIds: readonly string[],
): Promise<LifeEvent[]> {
  const { rows } = await db.raw(
    `select seq, body from audit_events
     where workspace_id = :workspaceId and key_id is null and event = 'key.change-confirmed'
       and jsonb_exists_any(body::jsonb #> '{details,of}', :keyIds)`,
    { workspaceId, keyIds: [...keyIds] },
  )
  return rows.map(toLifeEvent)
}
