import { isOutage } from '../../foundation/outage.ts'
import { type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { BotContext, Handled, Interaction } from '../interaction.ts'
import { refusalMessage } from '../messages/refusal.ts'

/** For unexpected errors, which may occur before or after the act: the answer promises nothing. */
const unforeseen = refuse('failed', 'Something went wrong on my side, and I cannot say what was done.', {
  next: say`Look with ${{ code: '/keys list' }} before you try again.`,
})

/** An outage in the middle: before the act, or after it when its result was to be shown. */
const interrupted = refuse(
  'outcome_unknown',
  'The database went away meanwhile, and I cannot say what was done.',
  {
    next: say`Look with ${{ code: '/keys list' }} before you try again.`,
  },
)

/** Runs an interaction. Answers with its refusal; an unexpected error is logged and answered too. */
export async function conclude(
  bot: BotContext,
  answer: Interaction['say'],
  interaction: () => Promise<Handled>,
): Promise<void> {
  const refusal = await interaction().catch((error: Error) => failed(bot, error))
  if (refusal && refusal.code !== 'repeated') await answer(refusalMessage(refusal))
}

const triggerGone = refuse('failed', 'Slack let me open a dialog for three seconds, and they were over.', {
  next: 'Try again.',
})
const repeated = refuse('repeated', 'This was done already.')

type Failure = Error & { code?: unknown; data?: { error?: string } }

export function failed(bot: BotContext, error: Failure): Refusal {
  // Slack accepts a trigger once, so this request was delivered twice.
  if (error.data?.error === 'exchanged_trigger_id') return repeated
  // Errors of Slack's client have codes of its own, and may be about a socket too.
  if (isOutage(error) && !`${error.code}`.startsWith('slack_')) {
    bot.world.log.warn(
      { event: 'slack.interaction_interrupted', error: String(error) },
      'the database went away during a Slack interaction',
    )
    return interrupted
  }
  bot.world.log.error(
    { event: 'slack.interaction_failed', error: error.stack ?? String(error) },
    'a Slack interaction failed',
  )
  return error.data?.error === 'expired_trigger_id' ? triggerGone : unforeseen
}
