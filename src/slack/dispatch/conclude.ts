import { type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { BotContext, Interaction } from '../interaction.ts'
import { refusalMessage } from '../messages/refusal.ts'

/** What nobody foresaw. It may have happened before or after the act, so nothing is promised. */
export const unforeseen = refuse(
  'failed',
  'Something went wrong on my side, and I cannot say what was done.',
  {
    next: say`Look with ${{ code: '/keys list' }} before you try again.`,
  },
)

/** Runs a story to its end. A refusal is said; an error that nobody foresaw is logged and said too. */
export async function conclude(
  bot: BotContext,
  answer: Interaction['say'],
  interaction: () => Promise<Refusal | undefined>,
): Promise<void> {
  const refusal = await interaction().catch((error: Error) => failed(bot, error))
  if (refusal && refusal.code !== 'repeated') await answer(refusalMessage(refusal))
}

const triggerGone = refuse('failed', 'Slack let me open a dialog for three seconds, and they were over.', {
  next: 'Try again.',
})
const repeated = refuse('repeated', 'This was done already.')

export function failed(bot: BotContext, error: Error & { data?: { error?: string } }): Refusal {
  // Slack takes a trigger once: whoever used it up was the same request, delivered before.
  if (error.data?.error === 'exchanged_trigger_id') return repeated
  bot.world.log.error(
    { event: 'slack.interaction_failed', error: error.stack ?? String(error) },
    'a Slack interaction failed',
  )
  return error.data?.error === 'expired_trigger_id' ? triggerGone : unforeseen
}
