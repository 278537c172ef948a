import type { ModalView } from '@slack/types'
import { perform } from '../../acts/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { authorise } from '../../policy/authorise.ts'
import { type Action, may } from '../../policy/may.ts'
import { notice, plainSection } from '../blocks.ts'
import { type Caller, type Claim, identify } from '../caller.ts'
import type { BotContext } from '../interaction.ts'

/** What a dialog shows while the rest is looked up. */
export const loading = (title: string): ModalView => notice(title, [plainSection('One moment...')])

/**
 * Who is there, and may they start this? A refusal here is recorded like any other. The act asks again: this check
 * is for a quick answer, that one is the rule.
 */
export async function admit(bot: BotContext, claim: Claim, needs?: Action): Promise<Caller | Refusal> {
  const caller = await identify(bot.world, bot.web, claim)
  if (isRefusal(caller) || !needs) return caller
  const subject = { workspaceId: caller.workspace.id }
  if (may(caller.actor, needs, subject)) return caller
  const refusal = await perform(bot.world, caller.actor, (act) => authorise(act, needs, subject))
  return refusal ?? caller
}

/** Milliseconds of Slack's three seconds that looking things up may take before an acknowledgement. */
const timeoutMs = 2_000

/** The result, or `late` when it is not there in time: an acknowledgement never waits for a slow database. */
export async function soon<T>(work: Promise<T>, late: () => T): Promise<T> {
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
