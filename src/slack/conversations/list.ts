import { z } from 'zod'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { listKeys } from '../../keys/list.ts'
import { type Filter, statusFilters } from '../../keys/page.ts'
import { integrationsOf } from '../../rotation/campaign.ts'
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

/** `/keys list [active|inactive|expiring|expired|revoked|overdue|mine|@user|words]` */
export const list: OnCommand = (interaction) =>
  show(interaction, { filter: readFilter(interaction.words), from: 0 }, false)

/** A status, an owner, or words; several of these together. Pure. */
function readFilter(text: string): Filter {
  const owner = /<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/.exec(text)
  const rest = (owner ? text.replace(owner[0], ' ') : text).trim()
  const [first = '', ...more] = rest.split(/\s+/)
  const status = statusFilters.find((word) => word === first.toLowerCase())
  const words = first.toLowerCase() === 'all' || status ? more.join(' ') : rest
  return {
    ...(owner ? { ownerId: owner[1]! } : {}),
    ...(status ? { status } : {}),
    ...(words ? { words: cut(words, longestWords) } : {}),
  }
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
  const { bot, caller } = interaction
  const integrations = await orDatabaseOut(() => integrationsOf(bot.world.db, caller.workspace.id, 100))
  if (isRefusal(integrations)) return integrations
  await interaction.show(searchForm(caller.workspace, integrations))
}

/** The search dialog becomes the list of results. */
export const submitSearch: OnSubmit = async (interaction) => {
  const { values } = interaction
  const status = statusFilters.find((word) => word === textIn(values, 'status'))
  const [words, ownerId, integration] = [
    cut(textIn(values, 'words').trim(), longestWords),
    textIn(values, 'owner'),
    textIn(values, 'integration'),
  ]
  await interaction.work(notice('Keys', [plainSection('Looking...')]))
  const filter = {
    ...(status ? { status } : {}),
    ...(words ? { words } : {}),
    ...(ownerId ? { ownerId } : {}),
    ...(integration ? { integration } : {}),
  }
  return show(interaction, { filter, from: 0 }, true)
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
    z.object({
      status: z.enum(statusFilters).optional(),
      words: z.string().max(400).optional(),
      ownerId: z.string().max(40).optional(),
      integration: z.string().max(100).optional(),
    }),
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
