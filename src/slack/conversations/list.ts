import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { type Filter, listKeys } from '../../keys/list.ts'
import { listMessage, type Turn } from '../messages/list.ts'
import type { ClickStory, CommandStory, Conversation, Story } from '../story.ts'
import { viewer } from './pick.ts'

const standings = ['active', 'inactive', 'expiring', 'mine'] as const

/** `/keys list [active|inactive|expiring|mine|words]` */
export const list: Conversation<CommandStory> = (story) => {
  const standing = standings.find((word) => word === story.words.toLowerCase())
  const filter: Filter = standing ? { standing } : story.words ? { words: story.words } : {}
  return show(story, filter, 0, false)
}

/** Previous, Next and Clear filter turn the message in place. */
export const turnList: Conversation<ClickStory> = async (story) => {
  const turn = readTurn(story.value)
  if (!turn) return refuse('invalid', 'This list is from another version.', { next: 'List the keys again.' })
  return show(story, turn.filter, turn.from, true)
}

async function show(
  story: Story,
  filter: Filter,
  from: number,
  replace: boolean,
): Promise<Refusal | undefined> {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const now = world.clock.now()
  const page = await orDatabaseOut(() => listKeys(world.db, viewer(story), filter, from, now))
  if (isRefusal(page)) return page
  await story.say(listMessage(page, filter, { actor, workspace }, now), { replace })
  return undefined
}

/** A button's value came over the wire: anything but a filter and a number is not a turn. */
function readTurn(value: string): Turn | undefined {
  try {
    const { filter, from } = JSON.parse(value)
    const standing = standings.find((word) => word === filter.standing)
    const words = typeof filter.words === 'string' ? filter.words : undefined
    return Number.isSafeInteger(from) ? { filter: { standing, words }, from } : undefined
  } catch {
    return undefined
  }
}
