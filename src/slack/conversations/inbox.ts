import { z } from 'zod'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { filters, type InboxFilter, type Reader } from '../../inbox/branches.ts'
import { countInbox, type InboxCursor, inboxPage } from '../../inbox/inbox.ts'
import { readItems } from '../../inbox/items.ts'
import { may } from '../../policy/may.ts'
import type { Handled, Interaction, OnClick, OnCommand } from '../interaction.ts'
import { type InboxTurn, inboxMessage } from '../messages/home/inbox.ts'

const pageSize = 10

/** Whose inbox a caller reads. */
export function readerOf({ caller: { actor, workspace } }: Pick<Interaction, 'caller'>): Reader {
  const subject = { workspaceId: workspace.id }
  return {
    workspaceId: workspace.id,
    userId: actor.id,
    manages: may(actor, 'request.decide', subject),
    owns: may(actor, 'message.send-again', subject),
  }
}

/** A page of the caller's inbox with what its entries say, and how much is open in all. */
export async function readInbox(
  { bot, caller }: Pick<Interaction, 'bot' | 'caller'>,
  {
    filter,
    cursor = {},
    rowCount,
  }: { filter?: InboxFilter | undefined; cursor?: InboxCursor; rowCount: number },
) {
  const { db, clock } = bot.world
  const now = clock.now()
  const reader = readerOf({ caller })
  const [page, count] = await Promise.all([
    inboxPage(db, { reader, filter, now }, cursor, rowCount),
    countInbox(db, { reader, now }),
  ])
  const items = await readItems(db, { reader, role: caller.actor.role, now }, page.entries)
  return { page, count, items }
}

/** `/keys inbox [alerts|assigned|snoozed|requests|rotations|offers|reviews]` */
export const inbox: OnCommand = (interaction) => {
  const words = interaction.words.toLowerCase()
  const filter = filters.find((one) => one === words)
  if (words !== '' && !filter)
    return Promise.resolve(
      refuse('invalid', `An inbox has no ${words.slice(0, 40)}.`, {
        next: `Choose among ${filters.join(', ')}.`,
      }),
    )
  return show(interaction, { filter }, false)
}

/** The filter, Refresh, Previous, Next; on Home and in `/keys` the way to all of it. */
export const turnInbox: OnClick = (interaction) => {
  const turn = readTurn(interaction.value)
  if (turn) return show(interaction, turn, true)
  return Promise.resolve(
    refuse('invalid', 'This inbox is from another version.', { next: 'Open the inbox again.' }),
  )
}

async function show(interaction: Interaction, turn: InboxTurn, replace: boolean): Promise<Handled> {
  const { filter, ...cursor } = turn
  const read = await orDatabaseOut(() => readInbox(interaction, { filter, cursor, rowCount: pageSize }))
  if (isRefusal(read)) return read
  await interaction.say(inboxMessage({ caller: interaction.caller, turn, ...read }), { replace })
}

const edge = z.tuple([z.number().int(), z.string().max(60), z.string().max(60)])
const turnSchema = z.object({
  filter: z.enum(filters).optional(),
  after: edge.optional(),
  before: edge.optional(),
})

/** Parses a control's value, which is untrusted input; undefined when it is not a turn. */
function readTurn(value: string): InboxTurn | undefined {
  if (value === 'all') return {}
  const filter = filters.find((one) => one === value)
  if (filter) return { filter }
  try {
    return turnSchema.parse(JSON.parse(value)) as InboxTurn
  } catch {
    return undefined
  }
}
