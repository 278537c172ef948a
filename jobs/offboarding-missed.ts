import { setTimeout } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import { isForeign, isGuest, openWebClient, type SlackUser } from '../src/foundation/slack.ts'
import { offboardMissed, type SlackMember } from '../src/offboarding/request-missed.ts'
import type { JobContext } from './engine/job.ts'
import { offboarding } from './offboarding-carry-out.ts'

const maxAttempts = 5

/** Which people have left Slack, or the directory, without a report? */
export async function offboardingMissed(context: JobContext): Promise<void> {
  const { world } = context
  const web = openWebClient(world)
  const { team_id } = await web.auth.test()
  const account = await world.db('accounts').where({ slack_team_id: team_id }).first('id')
  if (!account) return
  if ((await offboardMissed(world, account.id, await membersOf(web, team_id!))) > 0)
    await offboarding(context)
}

type Listed = SlackUser & { profile?: { email?: string } }

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
      })
    }
    cursor = page.response_metadata?.next_cursor ?? ''
  } while (cursor !== '')
  return found
}

/** The list of a big team exceeds Slack's rate limit; its 429 names the time to wait. */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await call()
    } catch (error) {
      const { retryAfter } = error as { retryAfter?: number }
      if (!retryAfter || attempt === maxAttempts) throw error
      await setTimeout(retryAfter * 1_000)
    }
}
