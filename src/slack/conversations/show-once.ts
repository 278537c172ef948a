import { setTimeout as pause } from 'node:timers/promises'
import { perform } from '../../audit/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import type { Key } from '../../keys/key.ts'
import { replace } from '../../keys/replace.ts'
import { reveal, voidReveal } from '../../keys/reveal.ts'
import type { Token } from '../../keys/token.ts'
import { notice, plainSection } from '../blocks.ts'
import { notShownMessage, notVoidMessage, offerMessage, revealedMessage } from '../messages/reveal.ts'
import { didYouCopyMessage, savedView, shownMessage, showOnceView } from '../messages/show-once.ts'
import type { ClickStory, Conversation, Story } from '../story.ts'
import { keyById } from './pick.ts'
import { tell } from './tell.ts'

/** What making a token takes. */
export const tokenMeans = ({ door, caller }: Story) => ({
  random: door.world.random,
  tokenPrefix: door.world.config.tokenPrefix,
  timeZone: caller.workspace.terms.timeZone,
})

/**
 * Shows the token. Slack's reply is the evidence that it took the view; without that evidence nobody can say who
 * saw what, so the token is void from now on and its owner is offered another. Returns whether it was shown.
 */
export async function showOnce(story: Story, key: Key, token: Token): Promise<boolean> {
  try {
    await story.show(showOnceView(key, token))
  } catch (error) {
    story.door.world.log.warn({ keyId: key.id, error: String(error) }, 'no evidence that a key was shown')
    await takeBack(story, key)
    return false
  }
  await tell(story, story.caller.actor.id, shownMessage(key))
  return true
}

/** Real seconds between attempts to void a token while the database is out. */
const againSeconds = [0.2, 1, 5, 15, 60]

async function takeBack(story: Story, key: Key): Promise<void> {
  const voided = await voidForSure(story, key)
  const { id } = story.caller.actor
  if (isRefusal(voided)) {
    story.door.world.log.error({ keyId: key.id }, 'a key that may not have been shown is live')
    return tell(story, id, notVoidMessage(key))
  }
  await tell(story, key.ownerId, notShownMessage(voided))
  // The dialog may be there after all, with a token that is void.
  const gone = notice('Copy your key', [
    plainSection('This key was not shown safely and is void. I sent you a message.'),
  ])
  await story.show(gone).catch(() => undefined)
}

async function voidForSure({ door, caller }: Story, key: Key): Promise<Key | Refusal> {
  const attempt = () => perform(door.world, caller.actor, (act) => voidReveal(act, key.workspaceId, key.id))
  let voided = await attempt()
  for (const seconds of againSeconds) {
    if (!isRefusal(voided)) break
    await pause(seconds * 1000)
    voided = await attempt()
  }
  return voided
}

/** Sends the owner of an unrevealed key the way to its token. */
export const offerReveal = (story: Story, key: Key): Promise<void> =>
  tell(story, key.ownerId, offerMessage(key, story.caller.actor.id))

/** [Reveal key]: of several clicks one gets the token. */
export const revealKey: Conversation<ClickStory> = async (story): Promise<Refusal | undefined> => {
  const { world, web } = story.door
  const { actor, workspace } = story.caller
  const made = await perform(
    world,
    actor,
    (act) => reveal(act, workspace.id, story.value, tokenMeans(story)),
    { requestId: story.requestId },
  )
  if (isRefusal(made)) return made
  const shown = await showOnce(story, made.key, made.token)
  const at = story.message && { channel: story.message.channelId, ts: story.message.ts }
  if (at && shown) await web.chat.update({ ...at, ...revealedMessage(made.key) }).catch(() => undefined)
  story.door.settle(workspace)
  return undefined
}

/** [Replace key]: another token for the same key, for whoever saw the first and did not keep it. */
export const replaceKey: Conversation<ClickStory> = async (story): Promise<Refusal | undefined> => {
  const { actor, workspace } = story.caller
  const made = await perform(
    story.door.world,
    actor,
    (act) => replace(act, workspace.id, story.value, tokenMeans(story)),
    { requestId: story.requestId },
  )
  if (isRefusal(made)) return made
  await showOnce(story, made.key, made.token)
  story.door.settle(workspace)
  return undefined
}

/** [I have saved it]: the token leaves the dialog. */
export const confirmSaved: Conversation<ClickStory> = async (story) => {
  const key = await keyById(story, story.value)
  if (isRefusal(key)) return key
  await story.show(savedView(key))
  return undefined
}

/** The dialog was closed without saying so. */
export const closedUnconfirmed: Conversation<ClickStory> = async (story) => {
  const key = await keyById(story, story.value)
  if (isRefusal(key) || key.status === 'unrevealed') return undefined
  await tell(story, story.caller.actor.id, didYouCopyMessage(key))
  return undefined
}
