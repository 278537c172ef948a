import { z } from 'zod'
import { listEvents } from '../../audit/list.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import type { Handled, Interaction, OnClick, OnCommand } from '../interaction.ts'
import { type AuditTurn, auditMessage, auditPage } from '../messages/audit/audit.ts'
import { keyFor } from './pick.ts'

/** `/keys audit [KEY|@user]` */
export const auditOf: OnCommand = async (interaction) => {
  const actorId = /^<@([UW][A-Z0-9]+)(\|[^>]*)?>$/.exec(interaction.words)?.[1]
  if (actorId) return page(interaction, { actorId }, false)
  if (interaction.words === '' && !interaction.keyId) return page(interaction, {}, false)
  const key = await keyFor(interaction, 'audit')
  return !key || isRefusal(key) ? key : page(interaction, { keyId: key.id }, false)
}

/** Replaces the page with the older events. */
export const turnAudit: OnClick = async (interaction) => {
  const turn = readTurn(interaction.value)
  if (!turn)
    return refuse('invalid', 'This page is from another version.', { next: 'Ask for the audit again.' })
  return page(interaction, turn, true)
}

async function page(interaction: Interaction, turn: AuditTurn, replace: boolean): Promise<Handled> {
  const { workspace } = interaction.caller
  const events = await orDatabaseOut(() =>
    listEvents(interaction.bot.world.db, { ...turn, workspaceId: workspace.id, limit: auditPage }),
  )
  if (isRefusal(events)) return events
  await interaction.say(auditMessage(events, turn, workspace), { replace })
}

const turnSchema = z.object({
  keyId: z.string().max(60).optional(),
  actorId: z.string().max(60).optional(),
  before: z.number().int().min(1).optional(),
})

function readTurn(value: string): AuditTurn | undefined {
  try {
    return turnSchema.parse(JSON.parse(value))
  } catch {
    return undefined
  }
}
