import type { Random } from '../foundation/random.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Fact, Question } from './finding.ts'

/** One reconciliation: one kind in one workspace at one moment. */
export type Round = { question: Question; workspace: Workspace; now: Date; random: Random }

/** A finding that was open before. */
export type Open = {
  id: string
  key_id: string
  step: string
  level: number
  group_id: string | null
  assigned_to: string | null
}

/** A fact to notify people of, with the finding it belongs to. */
export type Notified = Fact & { id: string; before: Open | undefined }
