import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Code, codes } from '../verification/decide.ts'
import type { Verifier } from '../verification/verifier.ts'
import { errorBody } from './answers.ts'
import type { MayOperate } from './operations.ts'

export const registry = new Registry()
collectDefaultMetrics({ register: registry, prefix: 'keywarden_' })

// A plain number per verdict: the hot path adds one, and a scrape reads them.
const verdicts = new Map<Code, number>(codes.map((code) => [code, 0]))

export const countVerdict = (code: Code): void => void verdicts.set(code, verdicts.get(code)! + 1)

/** Labels are closed lists: a metric can carry no token and no name. */
new Counter({
  name: 'keywarden_verifies_total',
  help: 'Verifies answered, by verdict',
  labelNames: ['code'],
  registers: [registry],
  collect() {
    this.reset()
    for (const [code, count] of verdicts) this.inc({ code }, count)
  },
})

let verifier: Verifier | undefined
new Gauge({
  name: 'keywarden_lease_held',
  help: '1 while this verifier may answer from memory',
  registers: [registry],
  collect() {
    this.set(verifier?.knowledge.learner.mayAnswer() ? 1 : 0)
  },
})
new Gauge({
  name: 'keywarden_clock_wrong_seconds',
  help: "How far this machine's clock was from the database's at the last renewal of the lease, beyond what asking took",
  registers: [registry],
  collect() {
    this.set((verifier?.knowledge.learner.clockErrorMs() ?? 0) / 1_000)
  },
})
new Gauge({
  name: 'keywarden_remembered_keys',
  help: 'Keys in memory',
  registers: [registry],
  collect() {
    this.set(verifier?.knowledge.size() ?? 0)
  },
})

new Counter({
  name: 'keywarden_unclear_paths_total',
  help: 'Requests of good keys whose path two servers could read differently, by why',
  labelNames: ['why'],
  registers: [registry],
  collect() {
    this.reset()
    for (const [why, count] of verifier?.unclear ?? []) this.inc({ why }, count)
  },
})

/** Names the verifier that the metrics are about. */
export function measureVerifier(one: Verifier): void {
  verifier = one
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
