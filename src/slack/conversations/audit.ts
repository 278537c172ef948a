import { z } from 'zod'
import { listEvents } from '../../audit/list.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { type AuditTurn, auditMessage, auditPage } from '../messages/audit/audit.ts'
import type { ClickStory, CommandStory, Conversation, Story } from '../story.ts'
import { keyFor } from './pick.ts'

/** `/keys audit [KEY|@user]` */
export const auditOf: Conversation<CommandStory> = async (story) => {
  const actorId = /^<@([UW][A-Z0-9]+)(\|[^>]*)?>$/.exec(story.words)?.[1]
  if (actorId) return page(story, { actorId }, false)
  if (story.words === '' && !story.keyId) return page(story, {}, false)
  const key = await keyFor(story, 'audit')
  return !key || isRefusal(key) ? key : page(story, { keyId: key.id }, false)
}

/** Older events take the place of the newer ones. */
export const turnAudit: Conversation<ClickStory> = async (story) => {
  const turn = readTurn(story.value)
  if (!turn)
    return refuse('invalid', 'This page is from another version.', { next: 'Ask for the audit again.' })
  return page(story, turn, true)
}

async function page(story: Story, turn: AuditTurn, replace: boolean): Promise<Refusal | undefined> {
  const { workspace } = story.caller
  const events = await orDatabaseOut(() =>
    listEvents(story.door.world.db, { ...turn, workspaceId: workspace.id, limit: auditPage }),
  )
  if (isRefusal(events)) return events
  await story.say(auditMessage(events, turn, workspace), { replace })
  return undefined
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
