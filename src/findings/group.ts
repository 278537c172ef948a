import type { Transaction } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import { dayIn } from '../foundation/time.ts'
import type { Notified, Round } from './round.ts'

/** As many at once share a message. */
const groupFrom = 4

export type Placed = Notified & { groupId: string | null }

/**
 * Decides which message each finding belongs to: its own; with those of the same day, when its step can wait for
 * company; or with the others of this moment, when there are many. A message once shared stays shared, but what
 * leaves the day's company gets a message of its own again.
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
