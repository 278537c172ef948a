import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Found, findKey, findKeyById, keysToChoose } from '../../keys/find.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import { nearMessage, pickerMessage } from '../messages/keys/pick.ts'
import type { CommandStory, Story } from '../story.ts'

/**
 * The one key that a command means. Nothing is returned when the person was asked which: several match, none was
 * named, or the name was nearly right. A near miss or a prefix never acts.
 */
export async function keyFor(story: CommandStory, verb: string): Promise<KeyWithUsage | Refusal | undefined> {
  if (story.keyId) return keyById(story, story.keyId)
  const { db, config } = story.door.world
  if (story.words === '') {
    const keys = await orDatabaseOut(() => keysToChoose(db, viewer(story), 100))
    return isRefusal(keys) ? keys : void (await story.say(pickerMessage(keys, verb, 'Which key?')))
  }
  const found = await orDatabaseOut(() => findKey(db, viewer(story), story.words, config.tokenPrefix))
  return isRefusal(found) ? found : settle(story, found, verb)
}

async function settle(story: CommandStory, found: Found, verb: string): Promise<KeyWithUsage | undefined> {
  if (found.match === 'one') return found.key
  if (found.match === 'several')
    return void (await story.say(pickerMessage(found.keys, verb, 'Several keys match. Which one?')))
  return void (await story.say(nearMessage(story.words, found.near)))
}

/** The key that a button or dialog refers to, read now. */
export async function keyById(story: Story, id: string): Promise<KeyWithUsage | Refusal> {
  const key = await orDatabaseOut(() => findKeyById(story.door.world.db, viewer(story), id))
  return key ?? noSuchKey({ keyId: id })
}

export const viewer = ({ caller }: Pick<Story, 'caller'>) => ({
  actor: caller.actor,
  workspaceId: caller.workspace.id,
})
