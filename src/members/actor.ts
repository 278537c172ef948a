import type { Transaction } from '../foundation/database.ts'
import type { Role } from './member.ts'

/** Who acts now, and by what right. A job and the operator's shell are actors too: no actor, no act. */
export type Actor =
  | { kind: 'member'; id: string; role: Role; workspaceId: string }
  | { kind: 'job'; id: string }
  | { kind: 'operator'; id: string }

/** What every act is given beside its request. */
export type Act = { actor: Actor; now: Date; trx: Transaction }

/** An actor as one word: a Slack user id, or `job:NAME`, `operator:NAME`. */
export const actorName = (actor: Actor): string =>
  actor.kind === 'member' ? actor.id : `${actor.kind}:${actor.id}`
