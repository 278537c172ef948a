import fastify, { type FastifyInstance } from 'fastify'
import type { World } from '../foundation/world.ts'
import { addHealth } from './health.ts'
import { addMetrics } from './metrics.ts'
import { addVerify } from './verify.ts'

const bodyLimitBytes = 64 * 1024

export type HttpOptions = {
  roles: readonly string[]
  /** questions whose answer decides `/readyz`; each resolves to a reason for not being ready, or nothing */
  readiness: (() => Promise<string | undefined>)[]
  /** further routes, such as Slack's when it delivers over HTTP */
  routes?: ((server: FastifyInstance) => void)[]
}

/** The HTTP door. Bodies are bounded, slow clients are cut off, and no answer is ever cached. */
export async function openHttp(world: World, options: HttpOptions): Promise<FastifyInstance> {
  const server = fastify({
    bodyLimit: bodyLimitBytes,
    connectionTimeout: 10_000,
    requestTimeout: 10_000,
    keepAliveTimeout: 60_000,
    forceCloseConnections: 'idle',
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    const status = error.statusCode && error.statusCode < 500 ? error.statusCode : 500
    if (status === 500) world.log.error({ error: error.stack }, 'an HTTP request failed')
    const told = status === 500 ? 'Something went wrong here; the log says what.' : error.message
    return reply.status(status).send({ error: { code: error.code ?? 'ERROR', message: told } })
  })
  server.setNotFoundHandler((_request, reply) =>
    reply.status(404).send({ error: { code: 'NOT_FOUND', message: 'There is nothing at this address.' } }),
  )
  addHealth(server, options.readiness)
  addMetrics(server)
  if (options.roles.includes('verify')) addVerify(server, world)
  for (const add of options.routes ?? []) add(server)
  await server.listen({ host: world.config.http.host, port: world.config.http.port })
  return server
}
