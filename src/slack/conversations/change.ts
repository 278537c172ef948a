import { perform } from '../../audit/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { plain, say } from '../../foundation/words.ts'
import type { Key } from '../../keys/key.ts'
import { fold } from '../../keys/name.ts'
import { activate, deactivate, revoke } from '../../keys/state.ts'
import { notice, plainSection } from '../blocks.ts'
import {
  type Change,
  changedMessage,
  changedView,
  deactivateView,
  hintCharacters,
  ownerToldMessage,
  revokeView,
} from '../messages/key-change.ts'
import type { ClickStory, CommandStory, Conversation, Story, SubmitStory } from '../story.ts'
import { keyById, keyByWords } from './pick.ts'

const acts = { activate, deactivate, revoke }
const dialogs = { deactivate: deactivateView, revoke: revokeView }

/** `/keys deactivate KEY`, `/keys revoke KEY`: a dialog with the facts of this moment. */
export const openByWords =
  (change: keyof typeof dialogs): Conversation<CommandStory> =>
  async (story) => {
    const key = await keyByWords(story, story.words, change)
    if (isRefusal(key)) return key
    await story.show(dialogs[change](key))
    return undefined
  }

/** The same from a button or a menu. */
export const openByRef =
  (change: keyof typeof dialogs): Conversation<ClickStory> =>
  async (story) => {
    const key = await keyById(story, story.value)
    if (isRefusal(key)) return key
    await story.show(dialogs[change](key))
    return undefined
  }

/** `/keys activate KEY`: nothing can break, so nothing is asked. */
export const activateByWords: Conversation<CommandStory> = async (story) => {
  const key = await keyByWords(story, story.words, 'activate')
  return isRefusal(key) ? key : activateAndSay(story, key.id)
}

export const activateByRef: Conversation<ClickStory> = (story) => activateAndSay(story, story.value)

async function activateAndSay(story: Story, keyId: string): Promise<Refusal | undefined> {
  const key = await change(story, 'activate', keyId)
  if (isRefusal(key)) return key
  await story.say(changedMessage('activate', key))
  return undefined
}

export const submitDeactivate: Conversation<SubmitStory> = (story) => workAndShow(story, 'deactivate')

/** What was typed must be the key's name, or the four characters of its hint. */
export const submitRevoke: Conversation<SubmitStory> = async (story) => {
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const typed = typeof story.values.confirm === 'string' ? story.values.confirm : ''
  const characters = hintCharacters(key)
  if (fold(typed) === fold(key.name) || (characters && typed.trim() === characters))
    return workAndShow(story, 'revoke')
  const expected = characters ? say`${{ name: key.name }} or ${characters}` : say`${{ name: key.name }}`
  await story.complain({ confirm: plain(say`That does not match ${expected}.`) })
  return undefined
}

async function workAndShow(story: SubmitStory, what: 'deactivate' | 'revoke'): Promise<Refusal | undefined> {
  const [title, doing] = {
    deactivate: ['Deactivate key', 'Deactivating...'],
    revoke: ['Revoke key', 'Revoking...'],
  }[what]
  await story.work(notice(title!, [plainSection(doing!)]))
  const key = await change(story, what, story.metadata)
  if (isRefusal(key)) return key
  await story.show(changedView(what, key))
  return undefined
}

/** The act itself, once per dialog or click; then alerts catch up, and an owner hears what somebody else did. */
async function change(story: Story, what: Change, keyId: string): Promise<Key | Refusal> {
  const { door, caller } = story
  const key = await perform(door.world, caller.actor, (act) => acts[what](act, caller.workspace.id, keyId), {
    requestId: `${story.requestId} ${what}`,
  })
  if (isRefusal(key)) return key
  door.settle(caller.workspace)
  if (key.ownerId !== caller.actor.id)
    await door.web.chat
      .postMessage({ channel: key.ownerId, ...ownerToldMessage(what, key, caller.actor.id) })
      .catch((error) => door.world.log.warn({ error: String(error) }, 'an owner could not be told'))
  return key
}
