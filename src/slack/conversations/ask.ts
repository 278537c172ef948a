import { perform } from '../../acts/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { liveKeyOfIntegration } from '../../keys/find.ts'
import type { KeyRequest as KeyDraft } from '../../keys/issue.ts'
import { type KeyRequest, makeRequest, rememberPosted } from '../../workspaces/requests.ts'
import { type Message, notice, plainSection } from '../blocks.ts'
import { findChannel, post } from '../channels.ts'
import { sendOrInWords } from '../in-words.ts'
import { requestMessage, sentView } from '../messages/keys/request.ts'
import type { Story, SubmitStory } from '../story.ts'

/** Puts a draft before the managers: what a member asks for, or a write key where policy wants a second person. */
export async function askForApproval(
  story: SubmitStory,
  draft: KeyDraft,
  reason: string,
): Promise<Refusal | undefined> {
  await story.work(notice('Request a key', [plainSection('Sending...')]))
  const { actor, workspace } = story.caller
  const { world } = story.door
  const request = await perform(
    world,
    actor,
    (act) => makeRequest(act, workspace.id, draft, reason, world.random),
    { requestId: story.requestId },
  )
  if (isRefusal(request)) return request
  await postRequest(story, request)
  await story.show(sentView(request))
  story.door.settle(workspace)
  return undefined
}

/** The request is saved whatever happens here; Home shows it to the managers too. */
async function postRequest({ door, caller }: Story, request: KeyRequest): Promise<void> {
  try {
    const channelId = await findChannel(door.web, caller.workspace.terms.alertChannel)
    const { integration } = request.draft
    const rival = integration
      ? await liveKeyOfIntegration(door.world.db, caller.workspace.id, integration)
      : undefined
    const send = (form: Message) => post(door.web, { channel: channelId, ...form })
    const { ts } = await sendOrInWords(requestMessage(request, rival), send, { log: door.world.log })
    await rememberPosted(door.world.db, request.id, { channelId, ts: ts! })
  } catch (error) {
    door.world.log.warn({ request: request.id, error: String(error) }, 'a request is not in the channel')
  }
}
