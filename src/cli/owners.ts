import type { WebClient } from '@slack/web-api'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isFullUser, patiently } from '../foundation/slack.ts'
import { isSlackUser, say } from '../foundation/words.ts'

/**
 * Resolves owners by Slack user id or e-mail address: asks Slack about each once, and returns a user id or the reason
 * that there is none. `known` ids need no question. When Slack does not answer, the rest are not asked.
 */
export async function findOwners(
  web: WebClient | undefined,
  teamId: string,
  wanted: Iterable<string>,
  known: ReadonlySet<string>,
): Promise<Map<string, string | Refusal>> {
  const found = new Map<string, string | Refusal>()
  let silent: Refusal | undefined = web
    ? undefined
    : refuse('failed', 'Slack cannot be asked who this is: SLACK_BOT_TOKEN is missing.', { field: 'owner' })
  for (const who of new Set(wanted)) {
    if (known.has(who)) found.set(who, who)
    else if (silent) found.set(who, silent)
    else {
      const answer = await askSlack(web!, teamId, who)
      if (isRefusal(answer) && answer.code === 'failed') silent = answer
      found.set(who, answer)
    }
  }
  return found
}

type SlackError = Error & { data?: { error?: string }; original?: Error & { cause?: Error } }

async function askSlack(web: WebClient, teamId: string, who: string): Promise<string | Refusal> {
  const field = 'owner'
  try {
    const { user } = await patiently(() =>
      isSlackUser(who) ? web.users.info({ user: who }) : web.users.lookupByEmail({ email: who }),
    )
    if (user?.id && isFullUser(user, teamId)) return user.id
    return refuse('invalid', say`${{ name: who }} is not a full member of the Slack team.`, { field })
  } catch (error) {
    const { data, original, message } = error as SlackError
    if (data?.error === 'users_not_found' || data?.error === 'user_not_found')
      return refuse('invalid', say`Slack knows nobody as ${{ name: who }}.`, { field })
    return refuse(
      'failed',
      `Slack cannot be asked who this is: ${data?.error ?? original?.cause?.message ?? message}.`,
      {
        field,
        next: 'Slack user ids of people who have used Keywarden need no question.',
      },
    )
  }
}
