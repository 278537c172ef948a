import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Code, codes } from '../verification/decide.ts'
import type { Verifier } from '../verification/verifier.ts'

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

export function addMetrics(server: FastifyInstance, ofVerifier?: Verifier): void {
  verifier = ofVerifier ?? verifier
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  )
}
