import { hostname } from 'node:os'
import { newId } from '../foundation/ids.ts'
import type { World } from '../foundation/world.ts'
import type { Subject } from '../leases/changes.ts'
import { type RealTime, realTime } from '../leases/lease.ts'
import {
  type Account,
  type KeyRow,
  keyStatement,
  type RememberedKey,
  type ServiceTokenRow,
  serviceTokenStatement,
  toRemembered,
} from './entries.ts'
import { type Learner, startLearner } from './learner.ts'
import { Parents } from './parents.ts'
import { openReader } from './reader.ts'
import { openMemory } from './remembered.ts'

const readTimeoutMs = 1_500
const serviceTokensHeld = 1_000

/** The keys and accounts of a verifier: from memory under the lease, else from the primary. */
export type Knowledge = {
  /** the key with that token hash (see `fingerprint`); rejects when the primary is needed and cannot be asked */
  key(hash: string): RememberedKey | null | Promise<RememberedKey | null>
  /** the account a service token speaks for */
  account(hash: string): Account | null | Promise<Account | null>
  learner: Learner
  size(): number
  stop(): Promise<void>
}

/** Opens the memory and waits for the first attempt to get a lease; without one it answers from the primary. */
export async function openKnowledge(
  world: Pick<World, 'config' | 'log' | 'random' | 'clock'>,
  time: RealTime = realTime,
): Promise<Knowledge> {
  const { databaseUrl: url, verify } = world.config
  const parents = new Parents()
  let learner: Learner | undefined
  const mayAnswer = () => learner?.mayAnswer() ?? false
  const heardTime = (...heard: [number, number, number]) => world.clock.hear?.(...heard)
  const reading = { url, timeoutMs: readTimeoutMs, max: verify.maxReads, heardTime }
  const keyReader = openReader<KeyRow>({ ...reading, statement: keyStatement, connections: 2 })
  const tokenReader = openReader<ServiceTokenRow>({
    ...reading,
    statement: serviceTokenStatement,
    connections: 1,
  })
  const keys = openMemory<RememberedKey>({
    capacity: verify.cachedKeys,
    unknownCapacity: Math.max(1_000, Math.floor(verify.cachedKeys / 10)),
    read: (hash) => keyReader.read(hash).then((row) => row && toRemembered(row, parents)),
    mayAnswer,
    isVoid: (key) => key.workspace.isVoid,
  })
  const serviceTokens = openMemory<Account>({
    capacity: serviceTokensHeld,
    unknownCapacity: serviceTokensHeld,
    read: (hash) => tokenReader.read(hash).then((row) => toAccount(row)),
    mayAnswer,
  })

  function forget(subject: Subject) {
    if (subject.kind === 'key') return keys.evict(subject.tokenHash.toString('latin1'))
    if (subject.kind === 'service-token') return serviceTokens.evict(subject.tokenHash.toString('latin1'))
    if (subject.kind === 'all') return flush()
    // Which keys are being read under a workspace is not known before the answers come.
    keys.voidReads()
    if (subject.kind === 'account') serviceTokens.flush()
    if (subject.kind === 'workspace') parents.voidWorkspace(subject.id)
    else if (subject.kind === 'account') parents.voidAccount(subject.id)
    else keys.forgetUnknown()
  }

  function flush() {
    keys.flush()
    serviceTokens.flush()
  }

  learner = await startLearner(
    { forget, flush },
    {
      databaseUrl: url,
      log: world.log,
      time,
      ttlMs: verify.leaseMs,
      name: `${hostname()}:${process.pid}`,
      newIncarnation: () => newId('inc', world.random),
      heardTime,
    },
  )
  return {
    key: keys.find,
    account: serviceTokens.find,
    learner,
    size: keys.size,
    async stop() {
      await learner.stop()
      await Promise.all([keyReader.close(), tokenReader.close()])
    },
  }
}

const toAccount = (row: ServiceTokenRow | null): Account | null =>
  row && { id: row.account_id, hasForeignTokens: row.foreign_tokens }
