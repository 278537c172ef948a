import { type Refusal, refuse } from '../foundation/refusal.ts'
import { join, say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'

/**
 * Finds the workspace by name (any case) or id; the only one when none is named. With several and no name it refuses
 * to guess.
 */
export async function whichWorkspace(
  world: Pick<World, 'db'>,
  wanted: string | undefined,
): Promise<Workspace | Refusal> {
  const all = await allWorkspaces(world.db)
  if (all.length === 0)
    return refuse('not_found', 'There is no workspace yet.', {
      next: 'Start Keywarden once with its Slack token: keywarden start',
    })
  const folded = wanted?.trim().toLowerCase()
  const matching = all.filter(
    ({ id, name }) => folded === undefined || id === wanted || name.toLowerCase() === folded,
  )
  const [only] = matching
  if (only && matching.length === 1) return only
  const list = join(
    (only ? matching : all).map(({ id, name }) => say`${{ name }} (${{ code: id }})`),
    ', ',
  )
  const next = say`Say which with ${{ code: '--workspace' }}: ${list}.`
  if (!only)
    return refuse('not_found', say`There is no workspace called ${{ name: wanted! }}.`, {
      next: say`There are: ${list}.`,
    })
  return refuse('ambiguous', `There are ${matching.length} workspaces.`, { next })
}

/** The named workspace, else all of them. */
export async function whichWorkspaces(
  world: Pick<World, 'db'>,
  wanted: string | undefined,
): Promise<Workspace[] | Refusal> {
  if (wanted === undefined) return allWorkspaces(world.db)
  const workspace = await whichWorkspace(world, wanted)
  return 'refused' in workspace ? workspace : [workspace]
}
