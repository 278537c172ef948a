import type { Transaction } from '../foundation/database.ts'
import type { Role } from './member.ts'

/** The actor of an act, and its role. Jobs and the operator's shell are actors too: every act has one. */
export type Actor =
  | { kind: 'member'; id: string; role: Role; workspaceId: string }
  | { kind: 'job'; id: string }
  | { kind: 'operator'; id: string }

/** The context of an act. */
export type Act = {
  actor: Actor
  now: Date
  trx: Transaction
  /** it holds the lock of its actor's workspace */
  changesRoles?: boolean
}

/** An actor as one word: a Slack user id, `job:NAME` or `operator:NAME`. */
export const actorName = (actor: Actor): string =>
  actor.kind === 'member' ? actor.id : `${actor.kind}:${actor.id}`
