import type { Checkpoint } from '../audit/checkpoint-file.ts'
import { signedLine } from '../audit/checkpoint-file.ts'
import { asWord } from '../audit/posted-checkpoint.ts'
import { SigningError, signingKey } from '../audit/signing.ts'
import type { Executor } from '../foundation/database.ts'
import { dayIn } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import type { Source } from '../notifications/source.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'

/** The end of one workspace's audit chain, signed, posted so that it survives a loss of the database. */
export type PostedCheckpoint = {
  workspace: string
  /** the workspace's own date */
  day: string
  at: string
  seq: number
  /** one word that `keywarden audit verify` reads */
  signed: string
}

export type CheckpointContent = { about: 'checkpoint'; isReply: boolean } & PostedCheckpoint

/**
 * The first checkpoint of a day is a message, the others of the day are replies to it, so that a channel reads one
 * message a day and an auditor finds every hour. Nothing that was posted is ever edited.
 */
export const checkpoints: Source = {
  read: async (_, messages) =>
    messages.map(({ body, isPosted }) => {
      const content = { about: 'checkpoint', isReply: isPosted, ...body } as CheckpointContent
      return { said: { content }, isSaidByLive: true, ...(isPosted ? {} : { live: { content } }) }
    }),
}

type Deps = Pick<World, 'db' | 'config' | 'random'>

/**
 * Puts a message with the head of each workspace's chain for its audit channel, if it has one: each names that
 * workspace alone. The first of a day is always put, later ones when the chain has grown. Returns how many were put.
 * @throws SigningError when a workspace wants checkpoints and nothing can sign them
 */
export async function putCheckpoints(world: Deps, taken: Checkpoint | undefined): Promise<number> {
  const wanting = (await allWorkspaces(world.db)).filter(({ policy }) => policy.auditChannel !== '')
  if (wanting.length === 0) return 0
  if (!taken)
    throw new SigningError(
      'A policy names an audit channel, and there is no key that signs checkpoints. Set KEYWARDEN_AUDIT_CHECKPOINTS or KEYWARDEN_AUDIT_KEY.',
    )
  const key = await signingKey(world.config.audit)
  const messages: OutboxMessage[] = []
  for (const workspace of wanting) {
    const head = taken.heads.find((one) => one.workspace === workspace.id)
    const day = dayIn(workspace.policy.timeZone, taken.at)
    if (!head || head.seq <= (await lastPosted(world.db, workspace, day))) continue
    const signed = asWord(signedLine({ at: taken.at, heads: [head] }, key))
    const body: PostedCheckpoint = {
      workspace: workspace.name,
      day,
      at: taken.at.toISOString(),
      seq: head.seq,
      signed,
    }
    messages.push({
      workspaceId: workspace.id,
      source: 'checkpoint',
      mode: 'thread',
      subjectId: subjectOf(workspace, day),
      step: body.at,
      destination: `channel:${workspace.policy.auditChannel}`,
      body,
    })
  }
  await world.db.transaction((trx) => put(trx, messages, taken.at, world.random))
  return messages.length
}

const subjectOf = (workspace: Workspace, day: string) => `${workspace.id} ${day}`

/** The number of the last event that was checkpointed on that day; 0 when none was. */
async function lastPosted(db: Executor, workspace: Workspace, day: string): Promise<number> {
  const row = await db('outbox')
    .where({ source: 'checkpoint', item_id: subjectOf(workspace, day) })
    .max({ seq: db.raw(`(body->>'seq')::bigint`) })
    .first()
  return Number(row?.seq ?? 0)
}
