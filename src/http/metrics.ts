import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'
import { type Code, codes } from '../verification/decide.ts'
import type { Verifier } from '../verification/verifier.ts'
import { errorBody } from './answers.ts'
import type { MayOperate } from './operations.ts'

export const registry = new Registry()
collectDefaultMetrics({ register: registry, prefix: 'keywarden_' })

// A plain number per verdict: the hot path adds one, and a scrape reads them.
const verdicts = new Map<Code, number>(codes.map((code) => [code, 0]))

/** Counts a verdict, and the time since `began`, a reading of `performance.now()`. */
export function countVerdict(code: Code, began: number): void {
  verdicts.set(code, verdicts.get(code)! + 1)
  seconds.observe((performance.now() - began) / 1000)
}

/** Counts a verify that memory could not answer. */
export const countRead = (): void => reads.inc()

/** Counts an answer to the platform that was no verdict: 503 without the database, 500 for a fault of ours. */
export const countFailure = (status: 500 | 503): void => failures.inc({ status })

const seconds = new Histogram({
  name: 'keywarden_verify_seconds',
  help: 'Time from the headers of a verify to its verdict',
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  registers: [],
})
const reads = new Counter({
  name: 'keywarden_verify_reads_total',
  help: 'Verifies that memory could not answer, so that the database was read',
  registers: [],
})
const failures = new Counter({
  name: 'keywarden_failures_total',
  help: 'Requests of the platform without a verdict: 503 while the database is out, 500 for a fault of ours',
  labelNames: ['status'],
  registers: [],
})
failures.inc({ status: 500 }, 0)
failures.inc({ status: 503 }, 0)

/** Labels are closed lists: a metric can carry no token and no name. */
const verifies = new Counter({
  name: 'keywarden_verifies_total',
  help: 'Verifies answered, by verdict',
  labelNames: ['code'],
  registers: [],
  collect() {
    this.reset()
    for (const [code, count] of verdicts) this.inc({ code }, count)
  },
})

let verifier: Verifier | undefined
const gauge = (name: string, help: string, read: (of: Verifier) => number) =>
  new Gauge({
    ...{ name, help, registers: [] },
    collect() {
      this.set(verifier ? read(verifier) : 0)
    },
  })

/** A process without a verifier does not show these: its zeros would look like a verifier in trouble. */
const ofVerifiers = [
  ...[verifies, seconds, reads, failures],
  gauge('keywarden_lease_held', '1 while this verifier may answer from memory', ({ knowledge }) =>
    Number(knowledge.learner.mayAnswer()),
  ),
  gauge(
    'keywarden_verifier_troubles',
    'How much is wrong with the lease and the clock of this verifier: /readyz says what',
    ({ knowledge }) => knowledge.learner.troubles().length,
  ),
  gauge(
    'keywarden_lease_age_seconds',
    'Time since this verifier last renewed its lease, which it does after a third of its length; NaN without one',
    ({ knowledge }) => (knowledge.learner.leaseAgeMs() ?? Number.NaN) / 1_000,
  ),
  gauge(
    'keywarden_verifiers',
    'Verifiers that hold a lease, as this one learnt when it last renewed its own',
    ({ knowledge }) => knowledge.learner.share().replicas,
  ),
  gauge(
    'keywarden_clock_wrong_seconds',
    "How far this machine's clock was from the database's at the last renewal of the lease, beyond what asking took",
    ({ knowledge }) => knowledge.learner.clockErrorMs() / 1_000,
  ),
  gauge('keywarden_remembered_keys', 'Keys in memory', ({ knowledge }) => knowledge.size()),
]

const unclear = new Counter({
  name: 'keywarden_unclear_paths_total',
  help: 'Requests of good keys whose path two servers could read differently, by why',
  labelNames: ['why'],
  registers: [],
  collect() {
    this.reset()
    for (const [why, count] of verifier?.unclear ?? []) this.inc({ why }, count)
  },
})

/** Names the verifier that the metrics are about; only now they are shown. */
export function measureVerifier(one: Verifier): void {
  verifier = one
  for (const metric of [...ofVerifiers, unclear]) registry.registerMetric(metric as Metric)
}

/** `/metrics` for those who may operate. */
export function addMetrics(server: FastifyInstance, mayOperate: MayOperate): void {
  server.get('/metrics', async (request, reply) => {
    if (mayOperate(request))
      return reply.header('content-type', registry.contentType).send(await registry.metrics())
    return reply
      .status(401)
      .header('www-authenticate', 'Bearer')
      .send(
        errorBody(
          'UNAUTHENTICATED',
          'Send the token of KEYWARDEN_OPERATIONS_TOKEN, or ask at KEYWARDEN_OPERATIONS_PORT.',
        ),
      )
  })
}
