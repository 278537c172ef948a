import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { dayIn } from '../foundation/time.ts'
import type { Notified, Round } from './round.ts'

/** From this many at once, findings share a message. */
const groupFrom = 4

export type Placed = Notified & { groupId: string | null }

/**
 * Decides the message that each finding belongs to: its own; the shared one of the day, when several reach a daily step on
 * it; or one shared with the others of this moment, when there are many. A finding stays in its message, but one that
 * leaves its daily steps gets a message of its own.
 */
export async function place(
  trx: Transaction,
  round: Round,
  raised: readonly Notified[],
): Promise<readonly Placed[]> {
  const isDaily = (step: string) => round.question.daily?.includes(step) ?? false
  const begins = raised.filter((one) => !one.before && isDaily(one.step))
  const joins = (one: Notified) =>
    !isDaily(one.step) && (!one.before || (one.before.group_id && isDaily(one.before.step)))
  const together = raised.filter(joins)
  const daily = begins.length > 0 ? await groupOfDay(trx, round, begins.length) : null
  const crowd = together.length >= groupFrom ? await newGroup(trx, round) : null
  return raised.map((one) => {
    if (!one.before && isDaily(one.step)) return { ...one, groupId: daily }
    return { ...one, groupId: joins(one) ? crowd : (one.before?.group_id ?? null) }
  })
}

/** One finding alone shares no message, unless others of that day did. */
async function groupOfDay(
  trx: Transaction,
  { question, workspace, now, random }: Round,
  findings: number,
): Promise<string | null> {
  const day = dayIn(workspace.policy.timeZone, now)
  const where = { workspace_id: workspace.id, kind: question.kind, day }
  const known = await trx('finding_groups').where(where).first('id')
  if (known || findings === 1) return known?.id ?? null
  await trx('finding_groups')
    .insert({ id: newId('grp', random), ...where, opened_at: now })
    .onConflict(trx.raw('(workspace_id, kind, day) where day is not null'))
    .ignore()
  return (await trx('finding_groups').where(where).first('id')).id
}

async function newGroup(trx: Transaction, { question, workspace, now, random }: Round): Promise<string> {
  const id = newId('grp', random)
  await trx('finding_groups').insert({ id, workspace_id: workspace.id, kind: question.kind, opened_at: now })
  return id
}
