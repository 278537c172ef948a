import { perform } from '../acts/perform.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { confirmChange } from '../leases/confirm.ts'
import { finish } from './complete.ts'
import { actOnSome } from './execute-keys.ts'
import type { Step } from './step.ts'
import { begin } from './write-plan.ts'

const batchSize = 50
const actor = { kind: 'job', id: 'offboarding' } as const

/**
 * Brings every offboarding that is open now as far as it can get: first the keys of all, then the wait for verifiers.
 * Each step is a transaction that says what it did, so that whoever comes next, after a crash too, reads on from there;
 * two processes at once take different ones. Who leaves meanwhile is left to the next run, so that this one ends however
 * many go on leaving. Returns how many it finished.
 * @param options.withinMs real milliseconds to wait for verifiers at most, for each fifty offboardings
 */
export async function carryOut(world: World, options: { withinMs?: number } = {}): Promise<number> {
  await actOnOpen(world)
  return finishOpen(world, options)
}

/** The first half, which waits for no verifier: looks up the keys, and acts on them in batches. */
export async function actOnOpen(world: World): Promise<void> {
  await actOnThese(world, await openIds(world, ['requested', 'acting']))
}

/** The second half: waits for the verifiers, once for fifty offboardings, and finishes. Returns how many it finished. */
export async function finishOpen(world: World, { withinMs = 20_000 }: { withinMs?: number } = {}) {
  const ids = await openIds(world, ['confirming'])
  let finished = 0
  for (let from = 0; from < ids.length; from += batchSize)
    finished += await finishThese(world, ids.slice(from, from + batchSize), withinMs)
  return finished
}

/** Both halves for these alone. One wait for the verifiers serves them all. */
export async function carryOutThese(world: World, ids: readonly string[], withinMs: number): Promise<number> {
  await actOnThese(world, ids)
  return finishThese(world, ids, withinMs)
}

async function openIds({ db }: World, states: readonly string[]): Promise<string[]> {
  const rows = await db('offboardings').whereIn('state', states).orderBy('begun_at').select('id')
  return rows.map((row) => row.id as string)
}

async function actOnThese(world: World, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await step(world, id, begin(world.random))
    while (await step(world, id, actOnSome(world.random))) {}
  }
}

async function finishThese(world: World, ids: readonly string[], withinMs: number): Promise<number> {
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
    { withinMs },
  )
  let finished = 0
  for (const id of ids) finished += (await step(world, id, finish(receipt, new Set(keyIds)))) ? 1 : 0
  return finished
}

/** One transaction. A database that is out is met again by the next round. */
async function step(world: World, id: string, work: Step): Promise<boolean> {
  const done = await perform(world, actor, (act) => work(act, id))
  if (!isRefusal(done)) return done
  world.log.warn({ offboarding: id, why: plain(done.message) }, 'an offboarding waits')
  return false
}
