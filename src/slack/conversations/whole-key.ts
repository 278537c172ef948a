import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { findKeyByToken } from '../../keys/find.ts'
import { wholeKeyMessage } from '../messages/keys/whole-key.ts'
import type { CommandStory, Conversation } from '../story.ts'
import { viewer } from './pick.ts'

/** Somebody typed a whole token. It goes no further than its hash; whoever saw it can use it. */
export const wholeKey =
  (token: string): Conversation<CommandStory> =>
  async (story) => {
    const key = await orDatabaseOut(() => findKeyByToken(story.door.world.db, viewer(story), token))
    if (isRefusal(key)) return key
    await story.say(wholeKeyMessage(key, story.caller.actor))
    return undefined
  }
