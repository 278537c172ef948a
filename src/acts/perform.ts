import { recordRefused } from '../audit/refusals.ts'
import { transact } from '../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import type { Act, Actor } from '../members/actor.ts'
import { isFirst } from './once.ts'

/**
 * Runs one act: in one transaction, at one moment, for one actor. A `requestId` (the view, trigger or event it
 * answers) makes it happen at most once. A refused act leaves nothing but the record of the attempt, which is
 * written in a transaction of its own.
 */
export async function perform<T>(
  world: Pick<World, 'db' | 'clock' | 'log'>,
  actor: Actor,
  act: (act: Act) => Promise<T | Refusal>,
  options: { requestId?: string } = {},
): Promise<T | Refusal> {
  const now = world.clock.now()
  const result = await transact(world.db, async (trx) => {
    if (options.requestId && !(await isFirst(trx, options.requestId, now)))
      return refuse('repeated', 'This was done already.')
    return act({ actor, now, trx })
  })
  if (isRefusal(result)) await logRefusal(world, actor, now, result)
  return result
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
