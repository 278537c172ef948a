import {
  App,
  type BlockAction,
  LogLevel,
  type Receiver,
  type ViewClosedAction,
  type ViewSubmitAction,
} from '@slack/bolt'
import { callsToSlack, slackLogger, slackStartError } from '../foundation/slack.ts'
import { makeStorable } from '../foundation/storable.ts'
import { runCommand } from './dispatch/commands.ts'
import { openDoubleClicks } from './dispatch/double-clicks.ts'
import { onGroupChanged, onHomeOpened, onUserChanged } from './dispatch/events.ts'
import { runClick, runClose, runSubmit } from './dispatch/interactions.ts'
import { failStep, onOffboardingStep } from './dispatch/leavers.ts'
import { clickKey } from './dispatch/payload.ts'
import { openSubmissions } from './dispatch/submissions.ts'
import { type MessageEvent, onMessage } from './dispatch/watched.ts'
import type { BotContext } from './interaction.ts'

export type SlackApp = { start(): Promise<void>; stop(): Promise<void> }

/** The bot's identity, from `auth.test`. */
export type Identity = { teamId: string; botId: string; botUserId: string }

/** Receives from Slack: every payload is acknowledged at once and passed to its dispatcher. */
export function openSlack(bot: BotContext, receiver: Receiver, identity: Identity): SlackApp {
  const { world } = bot
  const app = new App({
    receiver,
    authorize: async () => ({ ...identity, botToken: world.config.slack.botToken }),
    logger: slackLogger(world.log),
    logLevel: LogLevel.WARN,
    clientOptions: callsToSlack(world),
    // Nothing is kept between two requests.
    convoStore: false,
  })
  const submissions = openSubmissions()
  const once = openDoubleClicks()
  const running = new Set<Promise<unknown>>()
  app.use(async ({ body, next }) => {
    if (!makeStorable(body)) return
    const work = next()
    running.add(work)
    try {
      await work
    } finally {
      running.delete(work)
    }
  })
  app.error(async (error) => {
    world.log.error(
      { event: 'slack.request_failed', error: error.stack ?? String(error) },
      'a Slack request failed',
    )
  })
  app.command('/keys', async ({ ack, command, respond }) => {
    await ack()
    await othersAcknowledged()
    await runCommand(bot, command, respond)
  })
  app.action({ type: 'block_actions' }, async ({ ack, body, respond }) => {
    await ack()
    await othersAcknowledged()
    const click = body as BlockAction
    await once(clickKey(click), () => runClick(bot, submissions, click, respond))
  })
  app.view({ type: 'view_submission', callback_id: /.*/ }, async ({ ack, body }) => {
    await runSubmit(bot, submissions, body as ViewSubmitAction, (answer) => ack(answer))
  })
  app.event('app_home_opened', async ({ event, body }) => {
    if (event.tab === 'home') await onHomeOpened(bot, body.team_id, event.user)
  })
  app.event('subteam_members_changed', async ({ event }) => {
    if (typeof event.subteam_id === 'string') await onGroupChanged(bot, event.subteam_id)
  })
  app.event('user_change', async ({ event, body }) => {
    if (typeof event.user?.id === 'string') await onUserChanged(bot, body.team_id, event.user)
  })
  app.event('message', async ({ event, body }) => {
    await onMessage(bot, { ...identity, teamId: body.team_id }, event as MessageEvent)
  })
  app.function('offboard_person', async ({ body, inputs, fail }) => {
    const { function_execution_id: execution } = body.event
    const wrong = await onOffboardingStep(bot, body.team_id, { execution, inputs }).catch((error) => {
      world.log.error({ event: 'slack.workflow_step_failed', error: String(error) }, 'a workflow step failed')
      return 'Something went wrong here; the log says what.'
    })
    if (wrong) await failStep(() => fail({ error: wrong }))
  })
  app.view({ type: 'view_closed', callback_id: /.*/ }, async ({ ack, body }) => {
    await ack()
    await runClose(bot, body as ViewClosedAction)
  })
  return {
    async start() {
      const { apiUrl } = world.config.slack
      await app.start().catch((error) => {
        throw slackStartError(error, 'SLACK_APP_TOKEN', 'Basic Information', apiUrl)
      })
    },
    async stop() {
      await app.stop()
      await Promise.allSettled(running)
    },
  }
}

/** Lets all other payloads that have arrived be acknowledged first: Slack gives each of them three seconds. */
const othersAcknowledged = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
