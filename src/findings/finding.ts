import type { Transaction } from '../foundation/database.ts'
import type { Workspace } from '../workspaces/workspace.ts'

export const kinds = ['expiring'] as const
export type Kind = (typeof kinds)[number]
export type Severity = 'notice' | 'warning' | 'critical'

/** Something true about a key now. `step` says how far it has got; a new step is told again. */
export type Fact = { keyId: string; step: string; severity: Severity; facts: Record<string, unknown> }

/** What a kind of finding asks: the complete set of what is true at this moment. It never counts ticks. */
export type Question = {
  kind: Kind
  /** mildest first */
  steps: readonly string[]
  ask(trx: Transaction, workspace: Workspace, now: Date): Promise<Fact[]>
}

/** Why a finding is no longer true: what was done to the key, by whom, when. */
export type Resolution = { what: 'deactivated' | 'revoked' | 'renewed'; by: string | null; at: string }
