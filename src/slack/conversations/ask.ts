import { isRefusal } from '../../foundation/refusal.ts'
import { liveKeyOfIntegration } from '../../keys/find.ts'
import type { KeyRequest as KeyDraft } from '../../keys/issue.ts'
import { type KeyRequest, makeRequest, rememberPosted } from '../../workspaces/requests.ts'
import type { Message } from '../blocks.ts'
import { findChannel, post } from '../channels.ts'
import { sendOrInWords } from '../in-words.ts'
import type { Handled, Interaction, SubmitInteraction } from '../interaction.ts'
import { requestMessage, sentView } from '../messages/keys/request.ts'
import { performFor } from '../perform-for.ts'

/** Sends a checked draft to the managers: a member's request, or a key with write where policy requires approval. */
export async function askForApproval(
  interaction: SubmitInteraction,
  draft: KeyDraft,
  reason: string,
): Promise<Handled> {
  const { workspace } = interaction.caller
  const { world } = interaction.bot
  const request = await performFor(interaction, (act) =>
    makeRequest(act, workspace.id, draft, reason, world.random),
  )
  if (isRefusal(request)) return request
  await postRequest(interaction, request)
  await interaction.show(sentView(request))
  interaction.bot.refresh(workspace)
}

/** The request is already saved, and Home shows it to the managers, so a failure here is only logged. */
async function postRequest({ bot, caller }: Interaction, request: KeyRequest): Promise<void> {
  try {
    const channelId = await findChannel(bot.web, caller.workspace.policy.alertChannel)
    const { integration } = request.draft
    const rival = integration
      ? await liveKeyOfIntegration(bot.world.db, caller.workspace.id, integration)
      : undefined
    const send = (form: Message) => post(bot.web, { channel: channelId, ...form })
    const { ts } = await sendOrInWords(requestMessage(request, rival), send, { log: bot.world.log })
    await rememberPosted(bot.world.db, request.id, { channelId, ts: ts! })
  } catch (error) {
    bot.world.log.warn(
      { event: 'request.post_failed', request: request.id, error: String(error) },
      'failed to post a request for a key',
    )
  }
}
