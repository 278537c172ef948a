import type { WebClient } from '@slack/web-api'
import { followGroup } from '../src/directory/user-groups.ts'
import { isForeign, isGuest, openWebClient, patiently, type SlackUser } from '../src/foundation/slack.ts'
import { offboardMissed, type SlackMember } from '../src/offboarding/request-missed.ts'
import { groupsWithRole } from '../src/workspaces/roles.ts'
import type { JobContext } from './engine/job.ts'
import { offboarding } from './offboarding-carry-out.ts'

/** Which people have left Slack, the directory or a user group, without a report? */
export async function offboardingMissed(context: JobContext): Promise<void> {
  const { world } = context
  const web = openWebClient(world)
  const { team_id } = await web.auth.test()
  const account = await world.db('accounts').where({ slack_team_id: team_id }).first('id')
  if (!account) return
  if ((await offboardMissed(world, account.id, await membersOf(web, team_id!))) > 0)
    await offboarding(context)
  for (const groupId of await groupsWithRole(world.db, account.id))
    await patiently(() => followGroup({ world, web }, groupId))
}

type Listed = SlackUser & { updated?: number; profile?: { email?: string } }

/** The list names people of other organisations too. */
async function membersOf(web: WebClient, teamId: string): Promise<SlackMember[]> {
  const found: SlackMember[] = []
  let cursor = ''
  do {
    const page = await patiently(() => web.users.list({ limit: 500, ...(cursor ? { cursor } : {}) }))
    for (const one of (page.members ?? []) as Listed[]) {
      if (isForeign(one, teamId)) continue
      found.push({
        userId: one.id ?? '',
        email: one.profile?.email ?? null,
        deleted: one.deleted ?? false,
        isBot: one.is_bot ?? false,
        isGuest: isGuest(one),
        updated: one.updated,
      })
    }
    cursor = page.response_metadata?.next_cursor ?? ''
  } while (cursor !== '')
  return found
}
