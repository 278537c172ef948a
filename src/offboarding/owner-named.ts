import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import type { OutboxMessage } from '../notifications/outbox.ts'
import { placesOf, put } from '../notifications/outbox.ts'
import type { Reading, Source, Waiting } from '../notifications/source.ts'
import type { Policy } from '../policy/policy.ts'
import { hasDeparted } from '../workspaces/roles.ts'
import { findOffboarding, type Offboarding, requestsOf, type Source as Through } from './offboarding.ts'
import { type Counts, countKeys } from './report.ts'

/** Another system named an owner as leaving: what is asked of the other owners, and what came of it. */
export type OwnerNamed = {
  about: 'owner-named'
  offboardingId: string
  leaver: string
  workspace: { id: string; name: string }
  /** whether an undo there takes everything back */
  isHome: boolean
  sources: Through[]
  /** what became of their keys; undefined while they are being dealt with */
  keys: Counts | undefined
  /** false where nobody else owns the workspace */
  hasOthers: boolean
  outcome: 'waits' | 'role-ends' | 'role-ended' | 'undone' | 'returned'
  /** the one person who asked for the offboarding, as an actor's name; null where several did, or none */
  by: string | null
  at: Date
}

const source = 'owner-named'
const maxOwners = 10

const subjectOf = (offboardingId: string, workspaceId: string) => `${offboardingId}/${workspaceId}`

const othersOf = async (db: Executor, workspaceId: string, leaver: string | null) =>
  (await inCharge(db, workspaceId, ['owner'], maxOwners)).filter((owner) => owner !== leaver)

/**
 * Asks the other owners of each workspace where the leaver's role stays; its alert channel where there are none. Part of
 * the act that has planned the offboarding.
 */
export async function askOwners(
  { trx, now }: Pick<Act, 'trx' | 'now'>,
  { id, userId, keepsRoleIn }: Offboarding,
  workspaces: readonly { id: string; policy: Policy }[],
  random: Random,
): Promise<void> {
  const messages: OutboxMessage[] = []
  for (const workspace of workspaces) {
    if (!keepsRoleIn.includes(workspace.id)) continue
    const owners = await othersOf(trx, workspace.id, userId)
    const places = owners.map((owner) => `dm:${owner}`)
    for (const destination of places.length > 0 ? places : [`channel:${workspace.policy.alertChannel}`])
      messages.push({
        ...{ workspaceId: workspace.id, source, subjectId: subjectOf(id, workspace.id), destination },
        ...{ step: 'asked', mode: 'live' },
      })
  }
  await put(trx, messages, now, random)
}

/** Brings what was asked up to date, wherever it stands. Part of the act that changed the offboarding. */
export async function updateOwners(
  { trx, now }: Pick<Act, 'trx' | 'now'>,
  id: string,
  change: string,
  random: Random,
): Promise<void> {
  const workspaces: string[] = await trx('workspaces')
    .whereIn('account_id', trx('offboardings').where({ id }).select('account_id'))
    .pluck('id')
  const subjects = new Map(workspaces.map((one) => [subjectOf(id, one), one]))
  const places = await placesOf(trx, source, [...subjects.keys()])
  const messages = places.map(
    ({ subjectId, destination }): OutboxMessage => ({
      ...{ workspaceId: subjects.get(subjectId)!, source, subjectId, destination },
      ...{ step: `${change}:${now.toISOString()}`, mode: 'live' },
    }),
  )
  await put(trx, messages, now, random)
}

/** The questions that wait for an owner's click, since no system ends an owner's role. */
export const ownersNamed: Source = {
  read: (db, messages) => Promise.all(messages.map((message) => readOne(db, message))),
}

async function readOne(db: Executor, { subjectId }: Waiting): Promise<Reading | undefined> {
  const [offboardingId = '', workspaceId = ''] = subjectId.split('/')
  const workspace = await db('workspaces').where({ id: workspaceId }).first('id', 'name', 'account_id')
  const found = workspace && (await findOffboarding(db, workspace.account_id, offboardingId))
  if (!found?.userId) return undefined
  const requests = await requestsOf(db, offboardingId)
  const people = requests.filter((one) => one.source === 'slack' || one.source === 'shell')
  const only = new Set(people.map((one) => one.by)).size === 1 ? people.at(-1) : undefined
  const outcome = found.endedAt
    ? found.endedBecause === 'undone'
      ? 'undone'
      : 'returned'
    : found.keepsRoleIn.includes(workspaceId)
      ? 'waits'
      : (await hasDeparted(db, workspaceId, found.userId))
        ? 'role-ended'
        : 'role-ends'
  const content: OwnerNamed = {
    about: 'owner-named',
    offboardingId,
    leaver: found.userId,
    workspace: { id: workspaceId, name: workspace.name },
    isHome: found.workspaceId === workspaceId,
    sources: [...new Set(requests.map((one) => one.source))],
    keys: found.state === 'done' ? await countKeys(db, [offboardingId]) : undefined,
    hasOthers: (await othersOf(db, workspaceId, found.userId)).length > 0,
    outcome,
    by: outcome === 'role-ends' || outcome === 'role-ended' ? (only?.by ?? null) : null,
    at: found.endedAt ?? (outcome === 'waits' ? found.requestedAt : (only?.at ?? found.begunAt)),
  }
  return { live: { content, isOver: outcome !== 'waits' && outcome !== 'role-ends' } }
}
