import { openWebClient } from '../src/foundation/slack.ts'
import type { World } from '../src/foundation/world.ts'
import { offboardMissed, type SlackMember } from '../src/offboarding/missed.ts'
import type { JobContext } from './engine/job.ts'
import { offboarding } from './offboarding-carry-out.ts'

/** Who has left Slack, or the directory, without anybody having said so? */
export async function offboardingMissed(context: JobContext): Promise<void> {
  const { world } = context
  const web = openWebClient(world)
  const { team_id } = await web.auth.test()
  const account = await world.db('accounts').where({ slack_team_id: team_id }).first('id')
  if (!account) return
  if ((await offboardMissed(world, account.id, await membersOf(world))) > 0) await offboarding(context)
}

type Listed = { id?: string; deleted?: boolean; is_bot?: boolean; profile?: { email?: string } }

async function membersOf(world: World): Promise<SlackMember[]> {
  const found: SlackMember[] = []
  for await (const page of openWebClient(world).paginate('users.list', { limit: 200 })) {
    const { members = [] } = page as { members?: Listed[] }
    for (const one of members)
      found.push({
        userId: one.id ?? '',
        email: one.profile?.email ?? null,
        deleted: one.deleted ?? false,
        isBot: one.is_bot ?? false,
      })
  }
  return found
}
