import { perform } from '../../acts/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { liveKeyOfIntegration } from '../../keys/find.ts'
import type { KeyRequest as KeyDraft } from '../../keys/issue.ts'
import { type KeyRequest, makeRequest, rememberPosted } from '../../workspaces/requests.ts'
import { type Message, notice, plainSection } from '../blocks.ts'
import { findChannel, post } from '../channels.ts'
import { sendOrInWords } from '../in-words.ts'
import type { Interaction, SubmitInteraction } from '../interaction.ts'
import { requestMessage, sentView } from '../messages/keys/request.ts'

/** Puts a draft before the managers: what a member asks for, or a write key where policy wants a second person. */
export async function askForApproval(
  interaction: SubmitInteraction,
  draft: KeyDraft,
  reason: string,
): Promise<Refusal | undefined> {
  await interaction.work(notice('Request a key', [plainSection('Sending...')]))
  const { actor, workspace } = interaction.caller
  const { world } = interaction.bot
  const request = await perform(
    world,
    actor,
    (act) => makeRequest(act, workspace.id, draft, reason, world.random),
    { requestId: interaction.requestId },
  )
  if (isRefusal(request)) return request
  await postRequest(interaction, request)
  await interaction.show(sentView(request))
  interaction.bot.refresh(workspace)
  return undefined
}

/** The request is saved whatever happens here; Home shows it to the managers too. */
async function postRequest({ bot, caller }: Interaction, request: KeyRequest): Promise<void> {
  try {
    const channelId = await findChannel(bot.web, caller.workspace.terms.alertChannel)
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
