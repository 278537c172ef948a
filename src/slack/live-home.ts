import { isRefusal } from '../foundation/refusal.ts'
import { recentHomes } from '../workspaces/preferences.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { identify } from './caller.ts'
import { drawHome } from './conversations/home.ts'
import type { Door } from './story.ts'

/** Who looked at Home this recently sees changes at once, at most this many people a change. */
const recentMs = 60 * 60_000
const most = 20

/** Draws the Homes of whoever looked lately again. Slack keeps a Home until it is published anew. */
export async function refreshHomes(door: Door, teamId: string, workspace: Workspace): Promise<void> {
  const since = new Date(door.world.clock.now().getTime() - recentMs)
  for (const userId of await recentHomes(door.world.db, workspace.accountId, since, most)) {
    const caller = await identify(door.world, door.web, { teamId, userTeamId: teamId, userId })
    if (!isRefusal(caller)) await drawHome(door, caller)
  }
}
