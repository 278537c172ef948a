import type { WebClient } from '@slack/web-api'
import { perform } from '../acts/perform.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { errorName } from '../foundation/slack.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { refreshGroup } from '../workspaces/roles.ts'

const actor = { kind: 'job', id: 'slack-groups' } as const

/**
 * Gives the roles of a user group to those whom Slack has in it now. Slack is asked again after each write, until it says
 * what was written: an answer that was late may have been written after a later one.
 */
export async function followGroup(
  { world, web }: { world: World; web: WebClient },
  groupId: string,
): Promise<void> {
  for (let written: string | undefined; ; ) {
    const users = await membersOfGroup(web, groupId)
    const said = users.toSorted().join(' ')
    if (said === written) return
    const done = await perform(world, actor, (act) => refreshGroup(act, groupId, users))
    if (isRefusal(done)) throw new Error(plain(done.message))
    written = said
  }
}

/** Nobody is in a group that Slack does not know any more. */
async function membersOfGroup(web: WebClient, groupId: string): Promise<string[]> {
  try {
    const { users = [] } = await web.usergroups.users.list({ usergroup: groupId })
    return users
  } catch (error) {
    if (errorName(error) === 'no_such_subteam') return []
    throw error
  }
}
