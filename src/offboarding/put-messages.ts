import type { Random } from '../foundation/random.ts'
import { offerKeys } from '../keys/offers.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, placesOf, put } from '../notifications/outbox.ts'
import { readPolicy } from '../policy/policy.ts'
import type { Offboarding } from './offboarding.ts'
import { updateOwners } from './owner-named.ts'

type When = Pick<Act, 'trx' | 'now'>

/** The reason why a message is brought up to date. */
export type Change = 'begun' | 'confirming' | 'done' | 'ended'

/**
 * Puts an update of the message that an offboarding has or shares, and of what its owners are asked, wherever those
 * stand; none while there is no message yet. Part of the act that changed the offboarding. When all of the message are done the report follows in its thread.
 */
export async function putProgress(
  { trx, now }: When,
  id: string,
  change: Change,
  random: Random,
): Promise<void> {
  await updateOwners({ trx, now }, id, change, random)
  const row = await trx('offboardings')
    .join('workspaces', 'workspaces.id', 'offboardings.workspace_id')
    .where({ 'offboardings.id': id })
    .first('message_id', 'workspace_id', 'state', 'policy')
  if (!row.message_id) return
  const known = await placesOf(trx, 'offboarding', [row.message_id])
  const places = known.map(({ destination }) => destination)
  if (places.length === 0) places.push(`channel:${readPolicy(row.policy).alertChannel}`)
  const about = { workspaceId: row.workspace_id, source: 'offboarding', subjectId: row.message_id }
  const messages = places.flatMap((destination): OutboxMessage[] => {
    const update = {
      ...about,
      destination,
      step: `${change}:${id}:${now.toISOString()}`,
      mode: 'live' as const,
    }
    const report = { ...about, destination, step: `file:${id}`, mode: 'thread' as const }
    return change === 'done' ? [report, update] : [update]
  })
  await put(trx, messages, now, random)
}

/** Completes each run of a workflow that asked for this offboarding, once. Part of the act that makes it done. */
export async function completeRuns(
  { trx, now }: When,
  { id, workspaceId }: Pick<Offboarding, 'id' | 'workspaceId'>,
  random: Random,
): Promise<void> {
  const executions: string[] = await trx('offboarding_requests')
    .where({ offboarding_id: id, source: 'workflow' })
    .orderBy('requested_at')
    .pluck('reference')
  const messages = executions.map(
    (execution): OutboxMessage => ({
      workspaceId,
      source: 'offboarding-step',
      subjectId: id,
      step: 'completed',
      mode: 'once',
      destination: `workflow:${execution}`,
    }),
  )
  await put(trx, messages, now, random)
}

/** Offers the new owners the keys that wait for them to be revealed. Part of the act that has dealt with all keys. */
export async function offerWaiting(
  { trx, now }: When,
  { id, workspaceId, userId, requestedBy }: Offboarding,
  random: Random,
): Promise<void> {
  const { rows: keys } = await trx.raw(
    `select s.id, s.owner_id as "ownerId" from offboarding_keys o
       join keys s on s.id = coalesce(o.successor_key_id, o.key_id)
     where o.offboarding_id = ? and o.outcome in ('rotating', 'handed-over') and s.status = 'unrevealed'`,
    [id],
  )
  const why = { because: 'leaver', by: userId ?? '', sender: requestedBy } as const
  await offerKeys(trx, { workspaceId, matterId: id, ...why, keys }, now, random)
}
