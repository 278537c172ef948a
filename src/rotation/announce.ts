import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { hourMs } from '../foundation/time.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { refreshSoon } from '../notifications/posted-messages.ts'
import type { Policy } from '../policy/policy.ts'
import { readPolicy } from '../policy/policy.ts'
import type { Rotation } from './rotation.ts'

/** The kinds of replies below the message of a rotation. `reveal` reminds the owner in a direct message too. */
export type NoteKind = 'reveal' | 'ends' | 'safe' | 'overdue' | 'report' | 'ended'

/** The subject of the message that shows the rotation: its campaign, if it is a part of one. */
export const subjectOf = ({ id, campaignId }: Pick<Rotation, 'id' | 'campaignId'>): string => campaignId ?? id

/** Begins the message of a rotation, or of a campaign, in the alert channel. */
export async function announce(
  { trx, now }: Act,
  workspace: { id: string; policy: Pick<Policy, 'alertChannel'> },
  subjectId: string,
  random: Random,
): Promise<void> {
  const about = { workspaceId: workspace.id, source: 'rotation', subjectId, mode: 'live' } as const
  await put(trx, [{ ...about, step: 'begun', destination: channelOf(workspace.policy) }], now, random)
}

/** Brings the message of a rotation up to date at once; it follows by itself within seconds. */
export const refreshMessage = (db: Executor, rotation: Pick<Rotation, 'id' | 'campaignId'>): Promise<void> =>
  refreshSoon(db, 'rotation', [subjectOf(rotation)])

/**
 * Adds a note in the transaction that decides it. Each step has one note, which the caller has to know. Those of a
 * campaign wait for each other, so that what falls due together is said in one reply.
 * @param owner of the new key
 */
export async function addNote(
  { trx, now }: Pick<Act, 'trx' | 'now'>,
  rotation: Rotation,
  { kind, step, owner, policy }: { kind: NoteKind; step: string; owner: string; policy: Policy },
  random: Random,
): Promise<void> {
  const subjectId = subjectOf(rotation)
  const about = {
    workspaceId: rotation.workspaceId,
    step: noteStep(rotation.id, step),
    notBefore:
      rotation.campaignId && kind !== 'report' ? await nextReply(trx, subjectId, kind, now) : undefined,
    body: { kind, rotation: rotation.id },
  }
  const reply: OutboxMessage = {
    ...about,
    ...{ source: 'rotation', subjectId, mode: 'thread', destination: channelOf(policy) },
  }
  const reminder: OutboxMessage = {
    ...about,
    ...{ source: 'rotation-reminder', subjectId: `${subjectId} ${owner}`, mode: 'once' },
    destination: `dm:${owner}`,
  }
  await put(trx, kind === 'reveal' && isSlackUser(owner) ? [reply, reminder] : [reply], now, random)
}

const channelOf = ({ alertChannel }: Pick<Policy, 'alertChannel'>) => `channel:${alertChannel}`

const noteStep = (rotationId: string, step: string) => `${rotationId} ${step}`

/** Notes that become due within this time share a reply. */
const collectMs = 10_000
/** The least time from one reply of a kind below a campaign's message to the next, and to those after it. */
const gapsMs = [hourMs, 6 * hourMs, 24 * hourMs, 72 * hourMs]

/** When the next reply of that kind goes out: with the one that is waiting, or a growing time after the last one. */
async function nextReply(db: Executor, campaignId: string, kind: NoteKind, now: Date): Promise<Date> {
  const { rows } = await db.raw(
    `select max(not_before) as last, count(distinct not_before)::int as replies from outbox
     where source = 'rotation' and item_id = ? and mode = 'thread' and body->>'kind' = ?`,
    [campaignId, kind],
  )
  const { last, replies } = rows[0] as { last: Date | null; replies: number }
  if (last && last >= now) return last
  const soon = now.getTime() + collectMs
  return new Date(
    last ? Math.max(soon, last.getTime() + gapsMs[Math.min(replies, gapsMs.length) - 1]!) : soon,
  )
}

/** The steps of these rotations that have a note, by rotation. */
export async function knownSteps(
  db: Executor,
  rotations: readonly Rotation[],
): Promise<Map<string, Set<string>>> {
  const subjects = [...new Set(rotations.map(subjectOf))]
  const rows: { step: string }[] = await db('outbox')
    .where({ source: 'rotation', mode: 'thread' })
    .whereIn('item_id', subjects)
    .select('step')
  const known = new Map<string, Set<string>>(rotations.map(({ id }) => [id, new Set()]))
  for (const row of rows) {
    const [id, step] = row.step.split(' ')
    known.get(id!)?.add(step!)
  }
  return known
}

/** The policies of the workspaces of these rotations, by workspace. */
export async function policiesOf(
  db: Executor,
  rotations: readonly { workspaceId: string }[],
): Promise<Map<string, Policy>> {
  const ids = [...new Set(rotations.map(({ workspaceId }) => workspaceId))]
  const rows = await db('workspaces').whereIn('id', ids).select('id', 'policy')
  return new Map(rows.map((row) => [row.id, readPolicy(row.policy)]))
}
