import { type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { BotContext, Handled, Interaction } from '../interaction.ts'
import { refusalMessage } from '../messages/refusal.ts'

/** For unexpected errors, which may occur before or after the act: the answer promises nothing. */
const unforeseen = refuse('failed', 'Something went wrong on my side, and I cannot say what was done.', {
  next: say`Look with ${{ code: '/keys list' }} before you try again.`,
})

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

export function failed(bot: BotContext, error: Error & { data?: { error?: string } }): Refusal {
  // Slack accepts a trigger once, so this request was delivered twice.
  if (error.data?.error === 'exchanged_trigger_id') return repeated
  bot.world.log.error(
    { event: 'slack.interaction_failed', error: error.stack ?? String(error) },
    'a Slack interaction failed',
  )
  return error.data?.error === 'expired_trigger_id' ? triggerGone : unforeseen
}
