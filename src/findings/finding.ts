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
  | 'leaked'
  | 'canary'

/**
 * Something true about a key now. `step` names how far it has escalated and `level` ranks it: a higher level is
 * notified again, and each step is notified once in an episode.
 */
export type Fact = {
  keyId: string
  step: string
  level: number
  severity: Severity
  facts: Record<string, unknown>
}

/** A kind of finding: it asks for the complete set of facts that are true at this moment, and never counts ticks. */
export type Question = {
  kind: Kind
  /** lets other rooms bring their tables up to date before `ask` reads them */
  refresh?(trx: Transaction, workspace: Workspace, now: Date): Promise<void>
  /** reads the facts, and writes nothing */
  ask(trx: Transaction, workspace: Workspace, now: Date): Promise<Fact[]>
  /**
   * The resolution of each of these findings, which are no longer true. It names a person only for the act that ended
   * the finding, with the time of that act, and not for earlier acts on the key.
   */
  ended(trx: Transaction, gone: readonly Gone[], now: Date): Promise<Resolution[]>
  /** steps that are not urgent: all of a day share one message */
  daily?: readonly string[]
  /** the facts of an open finding change without escalating it, and are kept current */
  moves?: boolean
  /** its message is edited as soon as they change: they say whether the key still works, or how much it is misused */
  edits?: boolean
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

/** Why a finding is no longer true: the act on the key, its actor and its time. */
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
    | 'righted'
  by: string | null
  at: string
}

/** The people who are asked to act besides the key's owner, who is always mentioned first. */
export type Audience = 'owner' | 'managers' | 'owners'
