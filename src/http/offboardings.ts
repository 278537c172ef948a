import { isUtf8 } from 'node:buffer'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { perform } from '../acts/perform.ts'
import { type Connection, signingConnection } from '../directory/connections.ts'
import { isOutage } from '../foundation/outage.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../foundation/refusal.ts'
import { isStorable } from '../foundation/storable.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { findOffboarding, modes, type Offboarding } from '../offboarding/offboarding.ts'
import { countKeys } from '../offboarding/report.ts'
import { mergedInto } from '../offboarding/request-by-email.ts'
import { askedFor, isSigned, realSeconds, receive } from '../offboarding/request-by-webhook.ts'
import { homeOf } from '../offboarding/request-missed.ts'
import { codeOf, errorBody } from './answers.ts'

const path = '/v1/offboardings'

const notStorable = 'text without NUL and half characters'

const wanted = z
  .strictObject({
    user: z
      .string()
      .regex(/^[UW][A-Z0-9]{2,30}$/, 'a Slack user id')
      .optional(),
    email: z
      .string()
      .trim()
      .regex(/^[^@\s]+@[^@\s]+$/, 'an e-mail address')
      .max(320)
      .refine(isStorable, notStorable)
      .optional(),
    mode: z.enum(modes).optional(),
    successor: z
      .string()
      .regex(/^[UW][A-Z0-9]{2,30}$/, 'a Slack user id')
      .optional(),
    note: z.string().max(300).refine(isStorable, notStorable).optional(),
  })
  .refine((body) => Boolean(body.user) !== Boolean(body.email), 'name user or email, one of them')

/**
 * `POST /v1/offboardings` for HR systems: signed over time and body, taken once per Idempotency-Key, answered with an
 * address that says how far it is. `offboard` is called when there is work.
 */
export function addOffboardings(server: FastifyInstance, world: World, offboard: () => void): void {
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // The signature is over the bytes as they came.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const status = isOutage(error) ? 503 : (error.statusCode ?? 500)
      if (status >= 500)
        world.log.error(
          { event: 'http.signed_request_failed', error: String(error) },
          'a signed request failed',
        )
      if (status === 503) reply.header('retry-after', '5')
      return failed(reply, status, status < 500 ? error.message : 'Try again later.')
    })
    scope.post(path, (request, reply) => post(world, request, reply, offboard))
    scope.get(`${path}/:id`, (request, reply) => status(world, request, reply))
  })
}

async function post(world: World, request: FastifyRequest, reply: FastifyReply, offboard: () => void) {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const connection = await signer(world, request, body)
  if (!connection) return unsigned(reply)
  const idempotencyKey = header(request, 'idempotency-key')
  if (!/^[\x21-\x7e]{1,200}$/.test(idempotencyKey))
    return failed(reply, 400, 'Send an Idempotency-Key of 1 to 200 characters.')
  const read = wanted.safeParse(asJson(body))
  if (!read.success) return failed(reply, 400, problem(read.error))
  const workspace = await homeOf(world, connection.accountId)
  const signature = header(request, 'x-keywarden-signature')
  const delivery = { connectionId: connection.id, idempotencyKey, body, signature }
  const received = await perform(world, { kind: 'job', id: `webhook ${connection.id}` }, (act) =>
    receive(act, workspace, delivery, read.data as Parameters<typeof receive>[3], world.random),
  )
  if (isRefusal(received)) return refused(reply, received)
  offboard()
  const { offboarding } = received
  return reply
    .status(202)
    .header('location', `${path}/${offboarding.id}`)
    .send({ ...(await statusOf(world, offboarding)), statusUrl: `${path}/${offboarding.id}` })
}

/** How far an offboarding is, for the connection that asked for it. The path is what is signed. */
async function status(world: World, request: FastifyRequest, reply: FastifyReply) {
  const { id } = request.params as { id: string }
  const connection = await signer(world, request, `${path}/${id}`)
  if (!connection) return unsigned(reply)
  if (!isStorable(id)) return failed(reply, 404, 'There is no such offboarding.')
  const offboarding = await findOffboarding(world.db, connection.accountId, id)
  if (!offboarding || !(await askedFor(world.db, connection.id, id)))
    return failed(reply, 404, 'There is no such offboarding.')
  return statusOf(world, await mergedInto(world.db, offboarding))
}

async function statusOf(world: World, offboarding: Offboarding) {
  const { id, state, requestedAt, dueAt, doneAt, endedAt, endedBecause } = offboarding
  return {
    id,
    state: endedBecause ?? state,
    mode: offboarding.mode,
    requestedAt,
    dueAt,
    doneAt,
    endedAt,
    keys: await countKeys(world.db, [id]),
  }
}

async function signer(
  world: World,
  request: FastifyRequest,
  content: string | Buffer,
): Promise<Connection | undefined> {
  const found = await signingConnection(
    world.db,
    header(request, 'x-keywarden-connection'),
    world.config.secretKeys,
  )
  if (!found) return undefined
  const timestamp = header(request, 'x-keywarden-timestamp')
  const signature = header(request, 'x-keywarden-signature')
  const now = await realSeconds(world.db)
  return isSigned(found.secret, { timestamp, signature, content }, now) ? found.connection : undefined
}

const header = (request: FastifyRequest, name: string): string => String(request.headers[name] ?? '')

const unsigned = (reply: FastifyReply) =>
  failed(reply, 401, 'The signature, its time or the connection is not good. Compare docs/offboarding.md.')

const failed = (reply: FastifyReply, code: number, message: string) =>
  reply.status(code).send(errorBody(codeOf(code), message))

const statuses: Partial<Record<RefusalCode, number>> = {
  invalid: 400,
  repeated: 409,
  changed: 422,
  database_out: 503,
  outcome_unknown: 503,
}

function refused(reply: FastifyReply, refusal: Refusal) {
  const code = statuses[refusal.code] ?? 400
  if (code === 503) reply.header('retry-after', '5')
  return failed(reply, code, plain(refusal.message))
}

/** Names the field and the rule, never the value. */
function problem(error: z.ZodError): string {
  const issue = error.issues[0]
  return `Send JSON {"user" or "email", "mode"?, "successor"?, "note"?}. ${issue?.path.join('.') || 'body'}: ${issue?.message}`
}

function asJson(body: Buffer): unknown {
  if (!isUtf8(body)) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
