import type { ModalView } from '@slack/types'
import { perform } from '../../acts/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { authorise } from '../../policy/authorise.ts'
import { type Action, may } from '../../policy/may.ts'
import { notice, plainSection } from '../blocks.ts'
import { type Caller, type Claim, identify } from '../caller.ts'
import type { BotContext } from '../interaction.ts'

/** The dialog that is shown during look-ups. */
export const loading = (title: string): ModalView => notice(title, [plainSection('One moment...')])

/**
 * Identifies the caller and checks `needs`. A refusal is recorded like any other. This check only makes the answer
 * quick; the act checks again. `beforeSlack` runs before Slack is asked about a person.
 */
export async function admit(
  bot: BotContext,
  claim: Claim,
  needs?: Action,
  beforeSlack?: () => Promise<void>,
): Promise<Caller | Refusal> {
  const caller = await identify(bot.world, bot.web, claim, beforeSlack)
  if (isRefusal(caller) || !needs) return caller
  const subject = { workspaceId: caller.workspace.id }
  if (may(caller.actor, needs, subject)) return caller
  const refusal = await perform(bot.world, caller.actor, (act) => authorise(act, needs, subject))
  return refusal ?? caller
}

/** Milliseconds of Slack's three seconds that look-ups may take before the acknowledgement. */
const timeoutMs = 2_000

/** Returns the result, or `late()` after the timeout: an acknowledgement never waits for a slow database. */
export async function withTimeout<T>(work: Promise<T>, late: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), timeoutMs)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
