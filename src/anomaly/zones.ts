import type { Executor } from '../foundation/database.ts'
import { allWorkspaces } from '../workspaces/workspace.ts'
import { offsetsOf } from './calendar.ts'

/** The clock of a workspace: `offset` is by how many seconds it is ahead of UTC then. */
export type Zone = { timeZone: string; offset(at: number): number }

/** The clock of each workspace. */
export async function zonesOf(db: Executor): Promise<Map<string, Zone>> {
  const workspaces = await allWorkspaces(db)
  return new Map(
    workspaces.map(({ id, policy: { timeZone } }) => [id, { timeZone, offset: offsetsOf(timeZone) }]),
  )
}
