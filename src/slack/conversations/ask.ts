import { isRefusal } from '../../foundation/refusal.ts'
import type { KeyRequest as KeyDraft } from '../../keys/issue.ts'
import { makeRequest } from '../../workspaces/requests.ts'
import type { Handled, SubmitInteraction } from '../interaction.ts'
import { sentView } from '../messages/keys/request.ts'
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
    makeRequest(act, workspace, draft, reason, world.random),
  )
  if (isRefusal(request)) return request
  await interaction.show(sentView(request))
  interaction.bot.refresh(workspace)
}
