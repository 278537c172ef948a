import { recordRefused } from '../audit/refusals.ts'
import { answerOf, commit, isLockTimeout, outcomeUnknown, type Transaction } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import type { Act, Actor } from '../members/actor.ts'
import { lockActor, lockWorkspace } from '../members/lock.ts'
import { resolveOutcome } from './resolve-outcome.ts'

/**
 * Runs one act: in one transaction, at one moment, for one actor, who has the role that they have there, not the one that
 * was looked up before. An act that changes roles or rules says so with `changesRoles`. A `requestId` (the view, trigger
 * or event it answers) makes it happen at most once, and is `outcome_unknown` while an earlier delivery of it goes on;
 * without one, an act that changed something gets an id of its own. If the
 * connection goes away during COMMIT, that id resolves whether it was committed: the answer is `outcome_unknown` only if
 * the database cannot be asked for some seconds. A refused act leaves nothing but the record of the attempt, which is
 * written in a transaction of its own.
 */
export async function perform<T>(
  world: Pick<World, 'db' | 'clock' | 'log'>,
  actor: Actor,
  act: (act: Act) => Promise<T | Refusal>,
  options: { requestId?: string; changesRoles?: boolean } = {},
): Promise<T | Refusal> {
  const now = world.clock.now()
  const { changesRoles = false } = options
  let { requestId } = options
  let who = actor
  const outcome = await commit(world.db, async (trx) => {
    if (requestId) {
      const repeated = await refusedAsRepeated(trx, requestId, now)
      if (repeated) return repeated
    }
    if (changesRoles && actor.kind === 'member')
      await lockWorkspace({ actor, now, trx, changesRoles }, actor.workspaceId)
    const current = await lockActor(trx, actor)
    if (!current) return refuse('not_a_member', 'You are not a member of this workspace any more.')
    who = current
    const done = await act({ actor: who, now, trx, changesRoles })
    if (!requestId && !isRefusal(done)) requestId = await nameChanges(trx, now)
    return done
  })
  const result = answerOf(
    outcome.state === 'unknown' ? await resolveOutcome(world, outcome, requestId) : outcome,
  )
  if (isRefusal(result)) await logRefusal(world, who, now, result)
  return result
}

// The change log takes the id from the transaction, so that a receipt is asked for by it.
const named = `select set_config('keywarden.request', request_id, true) as id from done`

/** Takes the id of a request. The refusal if it came before: while that one goes on, nobody knows how it will end. */
async function refusedAsRepeated(
  trx: Transaction,
  requestId: string,
  now: Date,
): Promise<Refusal | undefined> {
  try {
    const { rows } = await trx.raw(
      `with done as (insert into acts_done (request_id, done_at) values (?, ?)
         on conflict do nothing returning request_id) ${named}`,
      [requestId, now],
    )
    return rows.length > 0 ? undefined : refuse('repeated', 'This was done already.')
  } catch (error) {
    if (isLockTimeout(error)) return outcomeUnknown(error)
    throw error
  }
}

/** Gives the transaction an id if it has changed anything. */
async function nameChanges(trx: Transaction, now: Date): Promise<string | undefined> {
  const { rows } = await trx.raw(
    `with done as (insert into acts_done (request_id, done_at) select gen_random_uuid()::text, ?
       where pg_current_xact_id_if_assigned() is not null returning request_id) ${named}`,
    [now],
  )
  return rows[0]?.id
}

const attempts = new Set(['forbidden', 'not_found'])

async function logRefusal(
  world: Pick<World, 'db' | 'log'>,
  actor: Actor,
  now: Date,
  refusal: Refusal,
): Promise<void> {
  const { code, logged } = refusal
  world.log.info(
    { event: 'act.refused', actor: `${actor.kind}:${actor.id}`, code, ...logged },
    'refused an act',
  )
  if (actor.kind !== 'member' || !attempts.has(code)) return
  const attempt = {
    workspaceId: actor.workspaceId,
    action: String(logged?.action ?? 'unknown'),
    code,
    keyId: logged?.keyId as string | undefined,
  }
  await world.db
    .transaction((trx) => recordRefused(trx, actor, now, attempt))
    .catch((error) =>
      world.log.error(
        { event: 'audit.refusal_unrecorded', error: String(error) },
        'failed to record a refused attempt in the audit',
      ),
    )
}
