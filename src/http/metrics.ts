import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Registry } from 'prom-client'
import { codes } from '../verification/decide.ts'

export const registry = new Registry()
collectDefaultMetrics({ register: registry, prefix: 'keywarden_' })

/** Labels are closed lists: a metric can carry no token and no name. */
export const verifies = new Counter({
  name: 'keywarden_verifies_total',
  help: 'Verifies answered, by verdict',
  labelNames: ['code'],
  registers: [registry],
})
for (const code of codes) verifies.inc({ code }, 0)

export function addMetrics(server: FastifyInstance): void {
  server.get('/metrics', async (_request, reply) =>
    reply.header('content-type', registry.contentType).send(await registry.metrics()),
  )
}
