import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import { perform } from '../acts/perform.ts'
import { isOutage } from '../foundation/outage.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import { isStorable } from '../foundation/storable.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { hashToken } from '../keys/token.ts'
import { takeReport } from '../leaks/report.ts'
import { whereOf } from '../leaks/where.ts'
import { realTime } from '../leases/lease.ts'
import { actorName } from '../members/actor.ts'
import { Limits } from '../verification/limits.ts'
import { findScanner } from '../workspaces/service-tokens.ts'
import { errorBody } from './answers.ts'
import { bearer } from './bearer.ts'
import { rateLimitHeaders } from './rate-limit.ts'

const text = (max: number) => z.string().max(max).refine(isStorable, 'text without NUL and half characters')

const wanted = z.object({
  id: text(200).min(1),
  leaks: z
    .array(z.object({ token: text(4_096).min(1), where: text(2_000).optional() }))
    .min(1)
    .max(1_000),
})

const bodyLimitBytes = 4 * 1024 * 1024
/** Reports of one scanner a minute in each process. */
const perMinute = 60

/**
 * `POST /v1/leaks {id, leaks: [{token, where?}]}` for scanners, with a service token that may do nothing else. The answer
 * is the same for every token, known or not. `act` is called when there may be work.
 */
export function addLeaks(server: FastifyInstance, world: World, act: () => void): void {
  const limits = new Limits()
  server.post('/v1/leaks', { bodyLimit: bodyLimitBytes }, async (request, reply) => {
    try {
      const secret = bearer(request.headers.authorization)
      const scanner = secret === undefined ? undefined : await findScanner(world.db, secret)
      if (!scanner) return unauthenticated(reply)
      const allowance = limits.take(scanner.id, perMinute, perMinute, realTime.wallMs())
      const headers = rateLimitHeaders(allowance)
      for (let i = 0; i < headers.length; i += 2) reply.header(headers[i]!, headers[i + 1]!)
      if (!allowance.isAllowed)
        return reply
          .status(429)
          .send(errorBody('RATE_LIMITED', `Send at most ${perMinute} reports a minute.`))
      const read = wanted.safeParse(request.body)
      if (!read.success) return reply.status(400).send(malformed(read.error))
      const taken = await take(world, scanner, read.data)
      if (isRefusal(taken)) return refused(reply, taken)
      act()
      return reply.status(202).send({ id: read.data.id, received: read.data.leaks.length })
    } catch (error) {
      if (!isOutage(error)) throw error
      return unavailable(reply)
    }
  })
}

async function take(
  world: World,
  scanner: { id: string; accountId: string },
  { id: reference, leaks }: z.infer<typeof wanted>,
) {
  const actor = { kind: 'job', id: `scanner ${scanner.id}` } as const
  const { tokenPrefix } = world.config
  const report = {
    ...{ accountId: scanner.accountId, evidence: 'scanner' as const, reporter: actorName(actor), reference },
    contentHash: createHash('sha256').update(JSON.stringify(leaks)).digest(),
    found: leaks.map(({ token, where = '' }) => ({
      hash: hashToken(token),
      where: whereOf(where, token, tokenPrefix),
    })),
  }
  return perform(world, actor, (one) => takeReport(one, report, world.random))
}

const unauthenticated = (reply: FastifyReply) =>
  reply
    .status(401)
    .header('www-authenticate', 'Bearer')
    .send(errorBody('UNAUTHENTICATED', 'Send a live service token that was made for leaks.'))

const unavailable = (reply: FastifyReply) =>
  reply
    .status(503)
    .header('retry-after', '1')
    .send(errorBody('UNAVAILABLE', 'The database is out. Send the same report again soon.'))

function refused(reply: FastifyReply, { code, message }: Refusal) {
  if (code === 'changed') return reply.status(422).send(errorBody('KEY_REUSED', plain(message)))
  return unavailable(reply)
}

/** Names the field and the rule, never the value. */
function malformed(error: z.ZodError) {
  const issue = error.issues[0]
  const form = 'Send JSON {"id": "...", "leaks": [{"token": "...", "where"?: "..."}]}, at most 1000 leaks.'
  return errorBody('BAD_REQUEST', `${form} ${issue?.path.join('.') || 'body'}: ${issue?.message}`)
}
