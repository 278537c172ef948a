import type { Severity } from '../anomaly/severity.ts'
import type { Transaction } from '../foundation/database.ts'
import type { Status } from '../keys/key.ts'
import type { Workspace } from '../workspaces/workspace.ts'

export type Kind =
  | 'expiring'
  | 'rotation-due'
  | 'idle'
  | 'write-without-expiry'
  | 'orphaned'
  | 'offboarding-late'
  | 'unusual-use'
  | 'shared-key'
  | 'dead-key-in-use'
  | 'unconfirmed'

/**
 * Something true about a key now. `step` names how far it has got and `level` counts it: a higher level is told
 * again, and the name is told once an episode.
 */
export type Fact = {
  keyId: string
  step: string
  level: number
  severity: Severity
  facts: Record<string, unknown>
}

/** A kind of finding asks for the complete set of what is true at this moment. It never counts ticks. */
export type Question = {
  kind: Kind
  /** lets the rooms that own them bring up to date what is asked of */
  refresh?(trx: Transaction, workspace: Workspace, now: Date): Promise<void>
  /** reads, and writes nothing */
  ask(trx: Transaction, workspace: Workspace, now: Date): Promise<Fact[]>
  /**
   * What ended each of these, which are no longer true. A person is named only for the act that ended it, with the time
   * of that act: who did something else to the key before has nothing to do with it.
   */
  ended(trx: Transaction, gone: readonly Gone[], now: Date): Promise<Resolution[]>
  /** steps that can wait for company: all of a day share one message */
  daily?: readonly string[]
  /** what is known of an open finding changes with time, without being worse: it is kept as it is now */
  moves?: boolean
}

/** A finding that is no longer true, with its key as it is now. */
export type Gone = {
  id: string
  workspaceId: string
  keyId: string
  openedAt: Date
  facts: Record<string, unknown>
  status: Status
  statusChangedAt: Date
  statusChangedBy: string
  ownerId: string
  /** the key's expiry or the end of its grace, whichever comes first */
  endsAt: Date | null
  neededAt: Date | null
  neededBy: string | null
  lastUsedAt: Date | null
  successor: { by: string; at: Date } | null
}

/** Why a finding is no longer true: what was done to the key, by whom, when. */
export type Resolution = {
  what:
    | 'deactivated'
    | 'revoked'
    | 'rotated'
    | 'activated'
    | 'used'
    | 'needed'
    | 'handed-over'
    | 'returned'
    | 'policy'
    | 'reassigned'
    | 'over'
    | 'renewed'
    | 'calm'
    | 'expected'
    | 'fleet'
    | 'silent'
    | 'apart'
  by: string | null
  at: string
}

/** Who is asked to act, most concerned first; the key's owner is mentioned before all others. */
export type Audience = 'owner' | 'managers' | 'owners'
