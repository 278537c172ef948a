import type { Alert } from '../alerts/alert.ts'
import { readFindings } from '../alerts/finding-source.ts'
import type { Executor } from '../foundation/database.ts'
import type { KeyWithUsage } from '../keys/key.ts'
import { keysWithUsage, toKeyWithUsage } from '../keys/store.ts'
import type { Role } from '../members/member.ts'
import { type FailedMessage, listFailed } from '../notifications/failed.ts'
import { type Asked, readAsked } from '../reviews/keys-asked.ts'
import { type KeyRotation, readKeyRotations } from '../rotation/key-rotations.ts'
import { type KeyRequest, readRequests } from '../workspaces/requests.ts'
import type { Reader } from './branches.ts'
import type { Entry } from './inbox.ts'

/** An entry of an inbox with everything that it says. */
export type Item =
  | { about: 'alert'; alert: Alert }
  | { about: 'request'; request: KeyRequest }
  | { about: 'own-request'; request: KeyRequest }
  | { about: 'rotation'; rotation: KeyRotation }
  | { about: 'offer'; key: KeyWithUsage }
  | { about: 'review'; asked: Asked }
  | { about: 'failed'; messages: FailedMessage[] }
  /** `resumable`: the workspace itself is suspended, not its whole account */
  | { about: 'suspended'; workspace: string; since: Date; resumable: boolean }

/** How many failed messages an entry looks at. */
export const failedShown = 100

/** The content of these entries, in their order: at most a query for each kind, none for one that is gone. */
export async function readItems(
  db: Executor,
  { reader, role, now }: { reader: Reader; role: Role; now: Date },
  entries: readonly Entry[],
): Promise<Item[]> {
  const idsOf = (...kinds: string[]) => entries.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id)
  const some = async <T>(ids: string[], read: (ids: string[]) => Promise<T>) =>
    ids.length === 0 ? undefined : read(ids)
  const [alerts, requests, rotations, keys, asked, failed, suspended] = await Promise.all([
    some(idsOf('finding'), (ids) => readFindings(db, ids)),
    some(idsOf('request', 'own-request'), (ids) => readRequests(db, ids)),
    some(idsOf('rotation'), (ids) => readKeyRotations(db, ids, now)),
    some(idsOf('offer'), (ids) => readKeys(db, ids)),
    some(idsOf('review'), ([id]) => readAsked(db, id!, reader.userId ?? '', now)),
    some(idsOf('failed'), () => listFailed(db, { workspaceId: reader.workspaceId, limit: failedShown })),
    some(idsOf('suspended'), ([id]) => readSuspended(db, id!)),
  ])
  const of: Record<string, (id: string) => Item | undefined> = {
    finding: (id) => withReader(alerts!.get(id), reader, role),
    request: (id) => about('request', requests!.get(id)),
    'own-request': (id) => about('own-request', requests!.get(id)),
    rotation: (id) => rotations!.get(id) && { about: 'rotation', rotation: rotations!.get(id)! },
    offer: (id) => keys!.get(id) && { about: 'offer', key: keys!.get(id)! },
    review: () => (asked && asked.counts.open > 0 ? { about: 'review', asked } : undefined),
    failed: () => ({ about: 'failed', messages: failed! }),
    suspended: () => suspended && { about: 'suspended', ...suspended },
  }
  return entries.flatMap(({ kind, id }) => of[kind]!(id) ?? [])
}

const withReader = (alert: Alert | undefined, { userId }: Reader, role: Role): Item | undefined =>
  alert && { about: 'alert', alert: userId === null ? alert : { ...alert, reader: { id: userId, role } } }

const about = (kind: 'request' | 'own-request', request: KeyRequest | undefined): Item | undefined =>
  request && { about: kind, request }

async function readKeys(db: Executor, ids: string[]): Promise<Map<string, KeyWithUsage>> {
  const rows: Parameters<typeof toKeyWithUsage>[0][] = await keysWithUsage(db).whereIn('keys.id', ids)
  return new Map(rows.map((row) => [row.id, toKeyWithUsage(row)]))
}

async function readSuspended(db: Executor, id: string) {
  const row = await db('workspaces')
    .join('accounts', 'accounts.id', 'account_id')
    .where('workspaces.id', id)
    .first(
      'workspaces.name as workspace',
      db.raw('coalesce(workspaces.suspended_at, accounts.suspended_at) as since'),
      db.raw('workspaces.suspended_at is not null as resumable'),
    )
  return row?.since ? (row as { workspace: string; since: Date; resumable: boolean }) : undefined
}
