import { perform } from '../acts/perform.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { confirmChange } from '../leases/confirm.ts'
import { batchSize, type Claim, type Step } from './claim.ts'
import { completeOffboardings } from './complete.ts'
import { executeKeys } from './execute-keys.ts'
import type { State } from './offboarding.ts'
import { shareMessages } from './share-messages.ts'
import { writePlans } from './write-plan.ts'

const actor = { kind: 'job', id: 'offboarding' } as const

/**
 * Brings every offboarding that is open now as far as it can get: first the keys of all, then the wait for verifiers.
 * Each step is a transaction for at most fifty of them that records its result, so that the next run resumes there,
 * after a crash too; processes take turns at an account. Those requested meanwhile are left to the next run, so that
 * this one ends. Returns how many it completed.
 * @param options.withinMs real milliseconds to wait for verifiers at most, for each fifty offboardings
 */
export async function carryOut(world: World, options: { withinMs?: number } = {}): Promise<number> {
  await executeOpen(world)
  return completeOpen(world, options)
}

/** The first half, which waits for no verifier: looks up the keys, and acts on them in batches. */
export async function executeOpen(world: World): Promise<void> {
  for (const claim of await openClaims(world, ['requested', 'acting']))
    do while ((await step(world, claim, executeKeys(world.random))) > 0) {}
    while ((await step(world, claim, writePlans(world.random))) > 0)
  await shareMessages(world)
}

/** The second half: waits for the verifiers, once for fifty offboardings, and completes them. Returns how many it completed. */
export async function completeOpen(world: World, { withinMs = 20_000 }: { withinMs?: number } = {}) {
  let completed = 0
  for (const claim of await openClaims(world, ['confirming'])) {
    let ids = await nextConfirming(world, claim)
    while (ids.length > 0) {
      completed += await completeThese(world, claim, ids, withinMs)
      ids = await nextConfirming(world, claim, ids.at(-1))
    }
  }
  return completed
}

/** Whether anybody's offboarding waits to be carried out or completed. */
export const hasOpen = async ({ db }: World): Promise<boolean> =>
  (await db('offboardings').whereIn('state', ['requested', 'acting', 'confirming']).first('id')) !== undefined

/** A claim for each account with an offboarding in such a state. */
async function openClaims({ db }: World, states: readonly State[]): Promise<Claim[]> {
  const rows = await db('offboardings')
    .whereIn('state', states)
    .groupBy('account_id')
    .select('account_id')
    .max('begun_at as up_to')
  return rows.map((row) => ({ accountId: row.account_id, upTo: row.up_to }))
}

/** The oldest fifty after that one: those that cannot be completed yet must not be in the way of the rest. */
async function nextConfirming({ db }: World, { accountId, upTo }: Claim, after?: string): Promise<string[]> {
  return db('offboardings')
    .where({ account_id: accountId, state: 'confirming' })
    .where('begun_at', '<=', upTo)
    .modify((query) =>
      after
        ? query.whereRaw('(begun_at, id) > (select begun_at, id from offboardings where id = ?)', [after])
        : query,
    )
    .orderBy(['begun_at', 'id'])
    .limit(batchSize)
    .pluck('id')
}

async function completeThese(
  world: World,
  claim: Claim,
  ids: readonly string[],
  withinMs: number,
): Promise<number> {
  const rows = await world
    .db('offboarding_keys as o')
    .leftJoin('keys as k', 'k.id', 'o.key_id')
    .whereIn('o.offboarding_id', ids)
    .whereNotNull('o.acted_at')
    .whereNull('o.confirmed_at')
    .select('o.key_id', 'k.status', 'k.ends_at')
  // A key that was kept, or is in use again, was not taken from anybody: no verifier has to learn of it.
  const isEnded = (row: { status: string; ends_at: Date | null }) =>
    row.status !== 'active' || row.ends_at !== null
  const [ended, kept] = [rows.filter(isEnded), rows.filter((row) => !isEnded(row))].map((some) =>
    some.map((row) => row.key_id as string),
  ) as [string[], string[]]
  const receipt = await confirmChange(world, ended, { withinMs, to: 'ending' })
  if (receipt.state !== 'confirmed') return 0
  return step(world, claim, completeOffboardings(ids, receipt, { ended, kept }, world.random))
}

/** One transaction. A database that is out is met again by the next round. */
async function step(world: World, claim: Claim, work: Step): Promise<number> {
  const done = await perform(world, actor, (act) => work(act, claim))
  if (!isRefusal(done)) return done
  world.log.warn(
    { event: 'offboarding.step_refused', account: claim.accountId, why: plain(done.message) },
    'a step of the offboardings was refused',
  )
  return 0
}
