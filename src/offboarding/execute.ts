import { perform } from '../acts/perform.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { confirmChange } from '../leases/confirm.ts'
import { completeOffboarding } from './complete.ts'
import { executeKeys } from './execute-keys.ts'
import type { Step } from './execute-step.ts'
import { shareMessages } from './share-messages.ts'
import { writePlan } from './write-plan.ts'

const batchSize = 50
const actor = { kind: 'job', id: 'offboarding' } as const

/**
 * Brings every offboarding that is open now as far as it can get: first the keys of all, then the wait for verifiers.
 * Each step is a transaction that records its result, so that the next run resumes there, after a crash too; two
 * processes at once take different offboardings. Those requested meanwhile are left to the next run, so that this one
 * ends. Returns how many it completed.
 * @param options.withinMs real milliseconds to wait for verifiers at most, for each fifty offboardings
 */
export async function carryOut(world: World, options: { withinMs?: number } = {}): Promise<number> {
  await executeOpen(world)
  return completeOpen(world, options)
}

/** The first half, which waits for no verifier: looks up the keys, and acts on them in batches. */
export async function executeOpen(world: World): Promise<void> {
  await executeThese(world, await openIds(world, ['requested', 'acting']))
}

/** The second half: waits for the verifiers, once for fifty offboardings, and completes them. Returns how many it completed. */
export async function completeOpen(world: World, { withinMs = 20_000 }: { withinMs?: number } = {}) {
  const ids = await openIds(world, ['confirming'])
  let completed = 0
  for (let from = 0; from < ids.length; from += batchSize)
    completed += await completeThese(world, ids.slice(from, from + batchSize), withinMs)
  return completed
}

/** Both halves for these alone. One wait for the verifiers serves them all. */
export async function carryOutThese(world: World, ids: readonly string[], withinMs: number): Promise<number> {
  await executeThese(world, ids)
  return completeThese(world, ids, withinMs)
}

async function openIds({ db }: World, states: readonly string[]): Promise<string[]> {
  const rows = await db('offboardings').whereIn('state', states).orderBy('begun_at').select('id')
  return rows.map((row) => row.id as string)
}

async function executeThese(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await step(world, id, writePlan(world.random))
    while (await step(world, id, executeKeys(world.random))) {}
  }
  await shareMessages(world)
}

async function completeThese(world: World, ids: readonly string[], withinMs: number): Promise<number> {
  const rows = await world
    .db('offboarding_keys as o')
    .leftJoin('keys as k', 'k.id', 'o.key_id')
    .whereIn('o.offboarding_id', ids)
    .whereNotNull('o.acted_at')
    .whereNull('o.confirmed_at')
    .select('o.key_id', 'k.status', 'k.ends_at')
  const keyIds = rows.map((row) => row.key_id as string)
  // A key that was kept, or is in use again, was not taken from anybody: no verifier has to learn of it.
  const ended = rows.filter((row) => row.status !== 'active' || row.ends_at !== null)
  const receipt = await confirmChange(
    world,
    ended.map((row) => row.key_id as string),
    { withinMs, to: 'ending' },
  )
  let completed = 0
  for (const id of ids)
    completed += (await step(world, id, completeOffboarding(receipt, new Set(keyIds), world.random))) ? 1 : 0
  return completed
}

/** One transaction. A database that is out is met again by the next round. */
async function step(world: World, id: string, work: Step): Promise<boolean> {
  const done = await perform(world, actor, (act) => work(act, id))
  if (!isRefusal(done)) return done
  world.log.warn(
    { event: 'offboarding.step_refused', offboarding: id, why: plain(done.message) },
    'a step of an offboarding was refused',
  )
  return false
}
