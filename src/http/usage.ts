import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { isOutage } from '../foundation/outage.ts'
import { isStorable } from '../foundation/storable.ts'
import type { World } from '../foundation/world.ts'
import { otherEndpoint } from '../usage/cell.ts'
import { recordOutcomes } from '../usage/outcomes.ts'
import type { Verifier } from '../verification/verifier.ts'
import { errorBody } from './answers.ts'
import { bearer } from './bearer.ts'

const text = (max: number) => z.string().max(max).refine(isStorable, 'text without NUL and half characters')

const batch = z.object({
  batch: text(100).min(1),
  outcomes: z
    .array(
      z.object({
        keyId: text(60).min(1),
        method: text(20),
        path: text(8_192),
        status: z.number().int().min(100).max(599),
        at: z.iso.datetime({ offset: true }).optional(),
        ip: text(60).optional(),
        userAgent: text(2_000).optional(),
      }),
    )
    .max(1_000),
  sentAt: z.iso.datetime({ offset: true }).optional(),
})

const batchLimitBytes = 1024 * 1024

/**
 * `POST /v1/usage {batch, outcomes}`: what became of requests, from the platform itself. A batch is durable when it
 * is answered, and one that is sent again counts once.
 */
export function addUsage(server: FastifyInstance, world: World, verifier: Verifier): void {
  server.post('/v1/usage', { bodyLimit: batchLimitBytes }, async (request, reply) => {
    try {
      const secret = bearer(request.headers.authorization)
      const account = secret === undefined ? null : await verifier.account(secret)
      if (!account)
        return reply
          .status(401)
          .header('www-authenticate', 'Bearer')
          .send(errorBody('UNAUTHENTICATED', 'Send a live service token.'))
      const read = batch.safeParse(request.body)
      if (!read.success) return reply.status(400).send(malformed(read.error))
      return await record(world, verifier, account.id, read.data)
    } catch (error) {
      if (!isOutage(error)) throw error
      return reply
        .status(503)
        .header('retry-after', '1')
        .send(errorBody('UNAVAILABLE', 'The database is unavailable. Send the same batch again soon.'))
    }
  })
}

async function record(world: World, verifier: Verifier, accountId: string, body: z.infer<typeof batch>) {
  const outcomes = body.outcomes.map(({ keyId, method, path, status, at, ip, userAgent }) => ({
    ...{ keyId, status, ip, userAgent },
    endpoint: verifier.target(method.toUpperCase(), path).route?.name ?? otherEndpoint,
    ...(at ? { at: new Date(at) } : {}),
  }))
  const sent = { id: body.batch, outcomes, ...(body.sentAt ? { sentAt: new Date(body.sentAt) } : {}) }
  const { isNew, tooOld, counted } = await recordOutcomes(world.db, accountId, sent, world.clock.now())
  for (const outcome of counted) verifier.remember(outcome)
  return { recorded: isNew, outcomes: outcomes.length, tooOld }
}

function malformed(error: z.ZodError) {
  const issue = error.issues[0]
  return errorBody('BAD_REQUEST', `${issue?.path.join('.') || 'body'}: ${issue?.message}`)
}
