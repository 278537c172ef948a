import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { dayIn } from '../foundation/time.ts'
import type { Notified, Round } from './round.ts'

/** From this many at once, findings share a message. */
const groupFrom = 4

export type Placed = Notified & { groupId: string | null }

/**
 * Decides the message that each finding belongs to: its own; the shared one of the day, when its step is a daily one; or
 * one shared with the others of this moment, when there are many. A finding stays in a shared message, but one that
 * leaves its daily step gets a message of its own again.
 */
export async function place(
  trx: Transaction,
  round: Round,
  raised: readonly Notified[],
): Promise<readonly Placed[]> {
  const isDaily = (step: string) => round.question.daily?.includes(step) ?? false
  const joins = (one: Notified) =>
    !isDaily(one.step) && (!one.before || (one.before.group_id && isDaily(one.before.step)))
  const together = raised.filter(joins)
  const daily = raised.some((one) => isDaily(one.step)) ? await groupOfDay(trx, round) : null
  const crowd = together.length >= groupFrom ? await newGroup(trx, round) : null
  return raised.map((one) => {
    if (isDaily(one.step)) return { ...one, groupId: daily }
    return { ...one, groupId: joins(one) ? crowd : (one.before?.group_id ?? null) }
  })
}

async function groupOfDay(trx: Transaction, { question, workspace, now, random }: Round): Promise<string> {
  const day = dayIn(workspace.policy.timeZone, now)
  const where = { workspace_id: workspace.id, kind: question.kind, day }
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
