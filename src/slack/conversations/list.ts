import { z } from 'zod'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { listKeys } from '../../keys/list.ts'
import { standings } from '../../keys/page.ts'
import { cut, notice, plainSection } from '../blocks.ts'
import { listMessage, searchForm, type Turn } from '../messages/keys/list.ts'
import {
  type ClickStory,
  type CommandStory,
  type Conversation,
  type Story,
  type SubmitStory,
  textIn,
} from '../story.ts'
import { viewer } from './pick.ts'

/** `/keys list [active|inactive|expiring|overdue|mine|words]` */
export const list: Conversation<CommandStory> = (story) => {
  const standing = standings.find((word) => word === story.words.toLowerCase())
  const words = cut(story.words, longestWords)
  const filter = standing ? { standing } : words ? { words } : {}
  return show(story, { filter, from: 0 }, false)
}

/** Longer words find nothing, and a button has to carry them. */
const longestWords = 100

/** Previous, Next and Clear filter turn the message in place. */
export const turnList: Conversation<ClickStory> = async (story) => {
  const turn = readTurn(story.value)
  if (!turn) return refuse('invalid', 'This list is from another version.', { next: 'List the keys again.' })
  return show(story, turn, true)
}

async function show(story: Story, turn: Turn, replace: boolean): Promise<Refusal | undefined> {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const now = world.clock.now()
  const page = await orDatabaseOut(() =>
    listKeys(world.db, viewer(story), turn.filter, turn, workspace.terms, now),
  )
  if (isRefusal(page)) return page
  await story.say(listMessage(page, turn.filter, { actor, workspace }, now), { replace })
  return undefined
}

/** [Search] */
export const openSearch: Conversation<ClickStory> = async (story) => {
  await story.show(searchForm(story.caller.workspace))
  return undefined
}

/** The dialog that asked for words becomes the list of what they find. */
export const submitSearch: Conversation<SubmitStory> = async (story) => {
  const words = cut(textIn(story.values, 'words').trim(), longestWords)
  await story.work(notice('Keys', [plainSection('Looking...')]))
  return show(story, { filter: words ? { words } : {}, from: 0 }, true)
}

const edge = z.tuple([z.string().max(300), z.string().max(60)])
const turnSchema = z.object({
  filter: z.object({ standing: z.enum(standings).optional(), words: z.string().max(400).optional() }),
  after: edge.optional(),
  before: edge.optional(),
  from: z.number().int().min(-100).max(10_000_000),
})

/** A button's value came over the wire: anything else than a turn is not one. */
function readTurn(value: string): Turn | undefined {
  if (value === 'all') return { filter: {}, from: 0 }
  const standing = standings.find((word) => word === value)
  if (standing) return { filter: { standing }, from: 0 }
  try {
    return turnSchema.parse(JSON.parse(value)) as Turn
  } catch {
    return undefined
  }
}
