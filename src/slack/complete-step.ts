import type { WebClient } from '@slack/web-api'
import { errorName } from '../foundation/slack.ts'
import type { Posted } from '../notifications/channel.ts'
import type { StepContent } from '../offboarding/source.ts'
import { count } from './messages/keys/key.ts'

/** Completes a run of the step "Offboard a person" with its outputs. */
export async function completeStep(web: WebClient, execution: string, content: StepContent): Promise<void> {
  const { all, refused, rotating, handedOver, failed } = content.counts
  const kept = content.counts.kept + handedOver
  const summary = `${count(all, 'key')}: ${refused} refused, ${rotating} rotating, ${kept} kept, ${failed} failed`
  const report = await linkTo(web, content.report)
  const outputs = { keys: all, refused, rotating, kept, failed, summary, report }
  await web.functions.completeSuccess({ function_execution_id: execution, outputs })
}

async function linkTo(web: WebClient, where: Posted | null): Promise<string> {
  if (!where) return ''
  try {
    const { permalink } = await web.chat.getPermalink({ channel: where.channelId, message_ts: where.ts })
    return permalink ?? ''
  } catch (error) {
    // A message that cannot be linked to must not hold up the step.
    if (errorName(error) === undefined) throw error
    return ''
  }
}
