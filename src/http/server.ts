import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { isOutage } from '../foundation/outage.ts'
import type { World } from '../foundation/world.ts'
import type { Verifier } from '../verification/verifier.ts'
import { codeOf, databaseIsOut, errorBody } from './answers.ts'
import { bodyLimitBytes } from './body.ts'
import { forwardAuthHandler, forwardAuthPath } from './forward-auth.ts'
import { addHealth } from './health.ts'
import { addMetrics, measureVerifier } from './metrics.ts'
import { addDescription } from './openapi.ts'
import { everybody, holderOf, type MayOperate } from './operations.ts'
import { scimBase, scimUrl } from './scim-address.ts'
import { scimError } from './scim-describe.ts'
import { addUsage } from './usage.ts'
import { verifyHandler } from './verify.ts'

export type HttpOptions = {
  /** what answers /v1; without it there is no such address */
  verifier?: Verifier
  /** questions whose answer decides `/readyz`; each resolves to a reason for not being ready, or nothing */
  readiness: (() => Promise<string | undefined>)[]
  /** sentences about jobs that are late, where there are jobs */
  late?: () => Promise<string[]>
  /** a sentence about messages that failed, where messages are sent */
  failed?: () => Promise<string[]>
  /** puts a span around each request, where requests are traced */
  traced?: (handler: Handler) => Handler
  /** further routes, such as Slack's when it delivers over HTTP */
  routes?: ((server: FastifyInstance) => void)[]
}

/** More than proxies let through: one that passed a request on could not explain our refusal to its client. */
const maxHeaderBytes = 64 * 1024

type Handler = (request: IncomingMessage, response: ServerResponse) => void

export type Http = {
  server: FastifyInstance
  /** from now on `/readyz` says 503 and each answer ends its connection; every request is still served */
  beginDraining(): void
}

/**
 * The HTTP server. Bodies and headers are bounded, slow clients are cut off, and no answer is ever cached. The routes that
 * every request of the platform waits for are served by node:http itself, the others by Fastify.
 */
export async function openHttp(world: World, options: HttpOptions): Promise<Http> {
  const { verifier, traced = (handler) => handler } = options
  const draining = new AbortController()
  const readiness = [
    async () => (draining.signal.aborted ? 'The process is about to stop.' : undefined),
    ...options.readiness,
  ]
  const { host, port, operationsPort, operationsToken } = world.config.http
  if (verifier) measureVerifier(verifier)
  const { server, addOperations } = newServer(world, { ...options, readiness }, (handler) =>
    endingConnections(draining.signal, traced(verifier ? hotPath(world, verifier, handler) : handler)),
  )
  if (operationsPort === undefined) addOperations(holderOf(operationsToken))
  else addHealth(server, readiness, {}, holderOf(undefined))
  if (verifier) addUsage(server, world, verifier)
  if (verifier) addDescription(server)
  for (const add of options.routes ?? []) add(server)
  const operations = operationsPort === undefined ? undefined : newServer(world, { ...options, readiness })
  operations?.addOperations(everybody)
  server.addHook('onClose', () => operations?.server.close())
  try {
    await operations?.server.listen({ host, port: operationsPort })
    await server.listen({ host, port })
  } catch (error) {
    await server.close()
    throw error
  }
  return { server, beginDraining: () => draining.abort() }
}

function newServer(
  world: World,
  { verifier, readiness, late, failed }: HttpOptions,
  before: (handler: Handler) => Handler = (handler) => handler,
) {
  const server = fastify({
    bodyLimit: bodyLimitBytes,
    rewriteUrl: scimUrl,
    // Fastify refuses some requests before it looks for a route, such as an address that is not UTF-8.
    frameworkErrors: ({ message, statusCode = 400 }, { url }, anyReply) => {
      const reply = anyReply as FastifyReply
      const isScim = url.startsWith(scimBase)
      reply
        .status(statusCode)
        .header('content-type', `application/${isScim ? 'scim+' : ''}json; charset=utf-8`)
        .send(isScim ? scimError(statusCode, message) : errorBody(codeOf(statusCode), message))
    },
    forceCloseConnections: 'idle',
    // Requests that have come in are answered.
    return503OnClosing: false,
    serverFactory: (handler) => nodeServer(before(handler)),
  })
  server.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (isOutage(error)) {
      world.log.warn(
        { event: 'http.request_unavailable', error: String(error) },
        'answered a request with 503',
      )
      return reply.status(503).header('retry-after', '1').send(errorBody('UNAVAILABLE', databaseIsOut))
    }
    const status = error.statusCode ?? 500
    if (status < 500) return reply.status(status).send(errorBody(codeOf(status), error.message))
    world.log.error({ event: 'http.request_failed', error: error.stack }, 'an HTTP request failed')
    // The code of a failure inside, such as the database's, is for the log alone.
    return reply.status(500).send(errorBody('ERROR', 'Something went wrong here; the log says what.'))
  })
  server.setNotFoundHandler((_request, reply) =>
    reply.status(404).send(errorBody('NOT_FOUND', 'There is nothing at this address.')),
  )
  const troubles = verifier && (async () => verifier.knowledge.learner.troubles())
  const addOperations = (mayOperate: MayOperate) => {
    addHealth(server, readiness, { late, failed, troubles }, mayOperate)
    addMetrics(server, mayOperate)
  }
  return { server, addOperations }
}

function nodeServer(handler: Handler): Server {
  const server = createServer(
    { maxHeaderSize: maxHeaderBytes, connectionsCheckingInterval: 2_000, keepAliveTimeout: 60_000 },
    handler,
  )
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  return server
}

/** While draining, a proxy must not keep a connection on which it could send another request. */
function endingConnections(draining: AbortSignal, handler: Handler): Handler {
  return (request, response) => {
    if (draining.aborted) response.shouldKeepAlive = false
    handler(request, response)
  }
}

function hotPath(world: World, verifier: Verifier, rest: Handler): Handler {
  const verify = verifyHandler(verifier, world.log)
  const forwardAuth = forwardAuthHandler(verifier, world.log, world.config.verify.trustedProxies)
  return (request, response) => {
    const url = request.url!
    if (url === '/v1/verify' && request.method === 'POST') verify(request, response)
    else if (url.startsWith(forwardAuthPath) && isPathEnd(url.charCodeAt(forwardAuthPath.length)))
      forwardAuth(request, response)
    else rest(request, response)
  }
}

/** The end of the text, `/` or `?`. */
const isPathEnd = (code: number) => Number.isNaN(code) || code === 0x2f || code === 0x3f
