import { setTimeout as pause } from 'node:timers/promises'
import { WebClient, type WebClientOptions } from '@slack/web-api'
import type { Log } from './log.ts'
import { StartError } from './start-error.ts'
import type { World } from './world.ts'

type Deps = Pick<World, 'config' | 'log'>
type Logger = NonNullable<WebClientOptions['logger']>

/** Real milliseconds a call to Slack may take. */
const timeoutMs = 10_000

/**
 * How Slack is called: no retries and no waiting in a queue, since the defaults post twice after a lost reply and
 * pause everything for one rate limit.
 */
export const callsToSlack = ({ config, log }: Deps): WebClientOptions => ({
  slackApiUrl: config.slack.apiUrl,
  retryConfig: { retries: 0 },
  rejectRateLimitedCalls: true,
  timeout: timeoutMs,
  logger: slackLogger(log),
})

/** How many calls of each method have failed in this process, whether Slack refused them or did not answer. */
export const slackErrors = new Map<string, number>()

/** Slack's client, which counts what fails. */
class CountingClient extends WebClient {
  override async apiCall(...call: Parameters<WebClient['apiCall']>): ReturnType<WebClient['apiCall']> {
    try {
      return await super.apiCall(...call)
    } catch (error) {
      slackErrors.set(call[0], (slackErrors.get(call[0]) ?? 0) + 1)
      throw error
    }
  }
}

export const openWebClient = (deps: Deps): WebClient =>
  new CountingClient(deps.config.slack.botToken, callsToSlack(deps))

/**
 * Waits as long as Slack's 429 says, and calls again; for commands, jobs and events, for which nobody waits.
 * @throws the error of the call, and that of its fifth 429
 */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++)
    try {
      return await call()
    } catch (error) {
      const { retryAfter } = error as { retryAfter?: number }
      if (!retryAfter || attempt === 5) throw error
      await pause(retryAfter * 1_000)
    }
}

/** Slack's error name, such as `channel_not_found`. */
export const errorName = (error: unknown): string | undefined =>
  (error as { data?: { error?: string } }).data?.error

/** The scopes that only the search of Slack's history needs: its channels, and the ids in the messages' metadata. */
export const historyScopes = ['channels:history', 'groups:history', 'im:history', 'metadata.message:read']

export type SlackUser = {
  id?: string
  team_id?: string
  deleted?: boolean
  is_bot?: boolean
  is_restricted?: boolean
  is_ultra_restricted?: boolean
  is_stranger?: boolean
  enterprise_user?: { teams?: string[] }
}

/** The teams that Slack names for a user: their own, and in an organisation of several teams all that they are in. */
const teamsOf = ({ team_id, enterprise_user }: SlackUser): string[] => [
  ...(team_id ? [team_id] : []),
  ...(enterprise_user?.teams ?? []),
]

/** Whether a user belongs to another organisation, such as one that shares a channel. */
export const isForeign = (user: SlackUser, teamId: string): boolean =>
  user.is_stranger === true || (teamsOf(user).length > 0 && !teamsOf(user).includes(teamId))

/** Whether a user is of an organisation of several teams, and of others of its teams than ours. */
export const isOfSisterTeam = (user: SlackUser, teamId: string): boolean =>
  user.enterprise_user?.teams !== undefined && !user.is_stranger && isForeign(user, teamId)

/** Whether somebody is a guest of the team. */
export const isGuest = (user: SlackUser): boolean =>
  user.is_restricted === true || user.is_ultra_restricted === true

/** Whether what Slack says of a user is a person of that team: no guest, no bot, nobody of another organisation. */
export const isFullUser = (user: SlackUser | undefined, teamId: string): boolean =>
  user !== undefined &&
  teamsOf(user).includes(teamId) &&
  !isForeign(user, teamId) &&
  !user.deleted &&
  !user.is_bot &&
  !isGuest(user)

/**
 * Why Slack did not let us start, and what to do: for a variable whose token Slack refused, the page that shows
 * it; for a scope that is missing, the manifest; for a Slack that did not answer, its address.
 */
export function slackStartError(error: unknown, variable: string, page: string, apiUrl: string): StartError {
  if (error instanceof StartError) return error
  const { data, original, message } = error as SlackFailure
  if (data?.error === 'missing_scope')
    return new StartError(
      `Slack did not grant the scope ${data.needed}. Update the app from manifest.yml and reinstall it.`,
    )
  if (data?.error)
    return new StartError(`Slack does not accept ${variable} (${data.error}). Copy it again from ${page}.`)
  const why = original?.cause?.message || original?.message || message
  return new StartError(
    `Slack cannot be reached at ${apiUrl} (${why}). Check the network, and SLACK_API_URL if it is set.`,
  )
}

/** An error of Slack's libraries: it has Slack's answer, or the reason why there is none. */
type SlackFailure = Error & {
  data?: { error?: string; needed?: string }
  original?: Error & { cause?: Error }
}

/** Slack refuses a picture until it has processed the upload; the sender tries again. */
const isExpected = (line: string): boolean => line.startsWith('invalid slack file')

/**
 * The logger for Slack's libraries, so that their lines are scrubbed too. Their debug lines hold whole payloads and are
 * never written.
 */
export function slackLogger(log: Log): Logger {
  const line = (words: unknown[]) => words.map(String).join(' ')
  return {
    debug: () => undefined,
    info: (...words) => log.debug({ event: 'slack.library_debug' }, line(words)),
    warn: (...words) => log.warn({ event: 'slack.library_warning' }, line(words)),
    error: (...words) =>
      isExpected(line(words))
        ? log.debug({ event: 'slack.library_debug' }, line(words))
        : log.error({ event: 'slack.library_error' }, line(words)),
    setLevel: () => undefined,
    getLevel: () => 'warn' as ReturnType<Logger['getLevel']>,
    setName: () => undefined,
  }
}
