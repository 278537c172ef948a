import { perform } from '../../audit/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import type { Key } from '../../keys/key.ts'
import { revoke } from '../../keys/state.ts'
import type { Token } from '../../keys/token.ts'
import type { Message } from '../blocks.ts'
import {
  createdMessage,
  didYouCopyMessage,
  neverShownMessage,
  savedView,
  showOnceView,
} from '../messages/show-once.ts'
import type { ClickStory, Conversation, Story } from '../story.ts'
import { keyById } from './pick.ts'

/**
 * Shows the token. Slack's reply is the evidence that it took the view; without that evidence nobody can say who
 * saw what, so the key is revoked and its maker told to make another.
 */
export async function showOnce(story: Story, key: Key, token: Token): Promise<void> {
  const { world } = story.door
  try {
    await story.show(showOnceView(key, token))
  } catch (error) {
    world.log.warn({ keyId: key.id, error: String(error) }, 'no evidence that a key was shown; revoking it')
    const revoked = await perform(world, story.caller.actor, (act) =>
      revoke(act, key.workspaceId, key.id, 'never shown'),
    )
    if (isRefusal(revoked))
      world.log.error({ keyId: key.id }, 'a key that was never shown could not be revoked')
    await tell(story, neverShownMessage(key.name))
    return
  }
  await tell(story, createdMessage(key))
}

/** [I have saved it]: the token leaves the dialog. */
export const confirmSaved: Conversation<ClickStory> = async (story): Promise<Refusal | undefined> => {
  const key = await keyById(story, story.value)
  if (isRefusal(key)) return key
  await story.show(savedView(key))
  return undefined
}

/** The dialog was closed without saying so. */
export const closedUnconfirmed: Conversation<ClickStory> = async (story): Promise<Refusal | undefined> => {
  const key = await keyById(story, story.value)
  if (isRefusal(key)) return key
  await tell(story, didYouCopyMessage(key))
  return undefined
}

/** A direct message to the person acting; what it says can be found again elsewhere, so failing is only logged. */
async function tell({ door, caller }: Story, message: Message): Promise<void> {
  await door.web.chat
    .postMessage({ channel: caller.actor.id, ...message })
    .catch((error) => door.world.log.warn({ error: String(error) }, 'a direct message was not delivered'))
}
