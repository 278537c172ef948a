import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { addHolder, holdersOf } from '../../keys/holders.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { may } from '../../policy/may.ts'
import { notice, plainSection } from '../blocks.ts'
import { holdersView } from '../messages/keys/holders.ts'
import { type CommandStory, type Conversation, type Story, type SubmitStory, textIn } from '../story.ts'
import { keyById, keyFor } from './pick.ts'

/** `/keys holders KEY` */
export const openHolders: Conversation<CommandStory> = async (story) => {
  const key = await keyFor(story, 'holders')
  return !key || isRefusal(key) ? key : showHolders(story, key)
}

async function showHolders(story: Story, key: KeyWithUsage, done?: Phrase): Promise<Refusal | undefined> {
  const holders = await orDatabaseOut(() => holdersOf(story.door.world.db, key.id))
  if (isRefusal(holders)) return holders
  const { actor, workspace } = story.caller
  await story.show(holdersView(key, holders, may(actor, 'holder.add', { workspaceId: workspace.id }), done))
  return undefined
}

export const submitHolder: Conversation<SubmitStory> = async (story) => {
  const { actor, workspace } = story.caller
  const userId = textIn(story.values, 'person')
  if (userId === '') return void (await story.complain({ person: 'Choose a person.' }))
  if (textIn(story.values, 'why').trim() === '')
    return void (await story.complain({ why: 'Say how they came by it.' }))
  await story.work(notice('Holders', [plainSection('Saving...')]))
  const added = await perform(
    story.door.world,
    actor,
    (act) => addHolder(act, workspace.id, story.metadata, { userId, why: textIn(story.values, 'why') }),
    { requestId: story.requestId },
  )
  if (isRefusal(added)) return added
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const done = added.added ? say`${{ user: userId }} is noted.` : say`${{ user: userId }} was noted already.`
  return showHolders(story, key, done)
}
