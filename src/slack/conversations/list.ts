import { z } from 'zod'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { listKeys } from '../../keys/list.ts'
import { statusFilters } from '../../keys/page.ts'
import { cut, notice, plainSection } from '../blocks.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  textIn,
} from '../interaction.ts'
import { listMessage, searchForm, type Turn } from '../messages/keys/list.ts'
import { viewer } from './pick.ts'

/** `/keys list [active|inactive|expiring|overdue|mine|words]` */
export const list: OnCommand = (interaction) => {
  const status = statusFilters.find((word) => word === interaction.words.toLowerCase())
  const words = cut(interaction.words, longestWords)
  const filter = status ? { status } : words ? { words } : {}
  return show(interaction, { filter, from: 0 }, false)
}

/** Longer searches find nothing, and a button has to carry them. */
const longestWords = 100

/** Previous, Next and Clear filter: replaces the page. */
export const turnList: OnClick = async (interaction) => {
  const turn = readTurn(interaction.value)
  if (!turn) return refuse('invalid', 'This list is from another version.', { next: 'List the keys again.' })
  return show(interaction, turn, true)
}

async function show(interaction: Interaction, turn: Turn, replace: boolean): Promise<Handled> {
  const { world } = interaction.bot
  const { actor, workspace } = interaction.caller
  const now = world.clock.now()
  const page = await orDatabaseOut(() =>
    listKeys(world.db, viewer(interaction), turn.filter, turn, workspace.policy, now),
  )
  if (isRefusal(page)) return page
  await interaction.say(listMessage(page, turn.filter, { actor, workspace }, now), { replace })
}

/** [Search] */
export const openSearch: OnClick = async (interaction) => {
  await interaction.show(searchForm(interaction.caller.workspace))
}

/** The search dialog becomes the list of results. */
export const submitSearch: OnSubmit = async (interaction) => {
  const words = cut(textIn(interaction.values, 'words').trim(), longestWords)
  await interaction.work(notice('Keys', [plainSection('Looking...')]))
  return show(interaction, { filter: words ? { words } : {}, from: 0 }, true)
}

/** The filter's status in buttons of lists that were posted before. */
const formerName = 'standing'
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
const edge = z.tuple([z.string().max(300), z.string().max(60)])
const turnSchema = z.object({
  filter: z.preprocess(
    // Buttons of older messages use another name for the status.
    (filter) =>
      isRecord(filter) && formerName in filter ? { ...filter, status: filter[formerName] } : filter,
    z.object({ status: z.enum(statusFilters).optional(), words: z.string().max(400).optional() }),
  ),
  after: edge.optional(),
  before: edge.optional(),
  from: z.number().int().min(-100).max(10_000_000),
})

/** Parses a button's value, which is untrusted input; undefined when it is not a turn. */
function readTurn(value: string): Turn | undefined {
  if (value === 'all') return { filter: {}, from: 0 }
  const status = statusFilters.find((word) => word === value)
  if (status) return { filter: { status }, from: 0 }
  try {
    return turnSchema.parse(JSON.parse(value)) as Turn
  } catch {
    return undefined
  }
}
