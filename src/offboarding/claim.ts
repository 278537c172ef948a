import type { Transaction } from '../foundation/database.ts'
import type { Act } from '../members/actor.ts'
import { type Offboarding, type State, toOffboarding } from './offboarding.ts'

/** The task of a run: the open offboardings of an account that had begun by then. */
export type Claim = { accountId: string; upTo: Date }

/** One transaction of a run. Returns how many offboardings or keys it brought further; 0 when none is left for it. */
export type Step = (act: Act, claim: Claim) => Promise<number>

/** Few, so that verifiers learn a campaign bit by bit and no verify waits behind it, nor a request for its records. */
export const batchSize = 50

/**
 * Makes the caller's transaction the only one of all processes that carries out offboardings of this account, until it
 * ends. It comes first in each of them. Their other locks come in the order that everybody keeps: offboardings,
 * workspaces by id, roles, keys by id, requests for keys, the heads of audit chains.
 */
export const holdAccount = (trx: Transaction, accountId: string) =>
  trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`offboardings ${accountId}`])

/**
 * The oldest offboardings of a claim in that state, locked until the transaction ends; without those that an entry point
 * is on just now, which starts the next run itself.
 * @param ids only these
 */
export async function claimBatch(
  { trx }: Act,
  { accountId, upTo }: Claim,
  state: State,
  ids?: readonly string[],
): Promise<Offboarding[]> {
  await holdAccount(trx, accountId)
  const rows = await trx('offboardings')
    .where({ account_id: accountId, state })
    .where('begun_at', '<=', upTo)
    .modify((query) => (ids ? query.whereIn('id', [...ids]) : query))
    .orderBy(['begun_at', 'id'])
    .limit(batchSize)
    // No key update: a row that refers to one of them, as of a request that joins it, does not hide it.
    .forNoKeyUpdate()
    .skipLocked()
  return rows.map(toOffboarding)
}
