import { type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { refusalMessage } from '../messages/refusal.ts'
import type { Door, Story } from '../story.ts'

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
  door: Door,
  answer: Story['say'],
  story: () => Promise<Refusal | undefined>,
): Promise<void> {
  const refusal = await story().catch((error: Error) => failed(door, error))
  if (refusal && refusal.code !== 'repeated') await answer(refusalMessage(refusal))
}

export function failed(door: Door, error: Error): Refusal {
  door.world.log.error({ error: error.stack ?? String(error) }, 'a conversation failed')
  return unforeseen
}
