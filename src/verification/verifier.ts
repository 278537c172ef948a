import { hostname } from 'node:os'
import { newId } from '../foundation/ids.ts'
import type { World } from '../foundation/world.ts'
import { type RealTime, realTime } from '../leases/lease.ts'
import { Counter } from '../usage/counter.ts'
import { type Flusher, startFlushing } from '../usage/flush.ts'
import type { Dated } from '../usage/outcomes.ts'
import type { Code } from './decide.ts'
import type { Account } from './entries.ts'
import { type Knowledge, openKnowledge } from './knowledge.ts'
import { Limits } from './limits.ts'
import type { ReadPath, Unclear } from './path.ts'
import { loadScopeTable } from './scope-table.ts'
import { ClosedRoutes, readTarget, type Target, UnclearRequests } from './target.ts'
import { fingerprint, judgeUncounted, type Question, type Verdict, verify } from './verify.ts'

/** A verifier: the memory, the counting and the rules behind the HTTP routes. */
export type Verifier = {
  /** the account of this service token; null when it is not valid. Rejects like `verify`. */
  account(serviceToken: string): Account | null | Promise<Account | null>
  verify(account: Account, question: Question): Verdict | Promise<Verdict>
  /** host and process, as receipts name it */
  name: string
  /** the verdict on the key with that token hash, which no usage counts */
  judge(tokenHash: Buffer): Promise<Code>
  /** puts what the platform reported among its key's last requests */
  remember(outcome: Dated): void
  /** what a request asks for; `readTarget` */
  target(method: string | undefined, path: string | ReadPath): Target
  /** requests of good keys whose path is unclear, by why */
  unclear: ReadonlyMap<Unclear, number>
  knowledge: Knowledge
  usage: Flusher
  /** lets go of the lease first, then writes the last counts */
  stop(): Promise<void>
}

export async function openVerifier(
  world: Pick<World, 'config' | 'log' | 'random' | 'clock'>,
  time: RealTime = realTime,
): Promise<Verifier> {
  const { config, clock } = world
  const routes = loadScopeTable(config.verify.routesFile, config.verify.analyticsExports)
  const counter = new Counter()
  const name = `${hostname()}:${process.pid}`
  const knowledge = await openKnowledge(world, time)
  const usage = startFlushing(counter, {
    databaseUrl: config.databaseUrl,
    clock,
    log: world.log,
    counterId: newId('cnt', world.random),
    name,
  })
  const unclear = new UnclearRequests(world.log)
  const closed = new ClosedRoutes(world.log)
  const limits = new Limits()
  const deps = { knowledge, counter, limits, unclear, closed, clock, time, tokenPrefix: config.tokenPrefix }
  // A platform sends the same service token each time; hashing it once is enough.
  let asked = { serviceToken: '', hash: '' }
  return {
    account(serviceToken) {
      if (serviceToken !== asked.serviceToken) asked = { serviceToken, hash: fingerprint(serviceToken) }
      return knowledge.account(asked.hash)
    },
    verify: (account, question) => verify(deps, account, question),
    name,
    judge: (tokenHash) => judgeUncounted(deps, tokenHash),
    remember: (outcome) =>
      counter.remember(outcome.keyId, outcome, String(outcome.status), outcome.at.getTime()),
    target: (method, path) => readTarget(routes, config.verify.unclearPaths, method, path),
    unclear: unclear.counts,
    knowledge,
    usage,
    async stop() {
      await Promise.all([knowledge.stop(), usage.stop()])
    },
  }
}
