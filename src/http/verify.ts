import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isOutage } from '../foundation/database.ts'
import type { World } from '../foundation/world.ts'
import { scopes } from '../keys/scope.ts'
import { verify } from '../verification/verify.ts'
import { accountOfServiceToken } from '../workspaces/service-tokens.ts'
import { verifies } from './metrics.ts'

const question = z.object({
  key: z.string().max(4_096),
  workspace: z.string().max(200).optional(),
  scope: z.enum(scopes).optional(),
})

/**
 * `POST /v1/verify {key, workspace?, scope?}` with a service token answers 200 and a verdict. A caller without a
 * live service token learns nothing. While the database is out the answer is 503: a key is never let through on
 * no evidence.
 */
export function addVerify(server: FastifyInstance, world: World): void {
  server.post('/v1/verify', async (request, reply) => {
    try {
      return await answer(request, reply)
    } catch (error) {
      if (!isOutage(error)) throw error
      world.log.error({ error: String(error) }, 'a verify could not be answered')
      return reply
        .status(503)
        .header('retry-after', '1')
        .send({ error: { code: 'UNAVAILABLE', message: 'The database is out. Try again in a second.' } })
    }
  })

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const account = await callersAccount(request)
    if (!account)
      return reply
        .status(401)
        .header('www-authenticate', 'Bearer')
        .send({
          error: {
            code: 'UNAUTHENTICATED',
            message: 'Send a live service token: Authorization: Bearer kws_…',
          },
        })
    const asked = question.safeParse(request.body)
    if (!asked.success) return reply.status(400).send({ error: malformed(asked.error) })
    const { key, workspace, scope } = asked.data
    const verdict = await verify(world, account, key, { workspaceId: workspace, scope })
    verifies.inc({ code: verdict.code })
    return verdict
  }

  async function callersAccount(request: FastifyRequest): Promise<string | undefined> {
    const secret = /^Bearer (\S{1,200})$/i.exec(request.headers.authorization ?? '')?.[1]
    return secret ? accountOfServiceToken(world.db, secret) : undefined
  }
}

/** Names the field and the rule, never the value: it may be a key. */
function malformed(error: z.ZodError) {
  const issue = error.issues[0]
  return {
    code: 'BAD_REQUEST',
    message: `Send JSON {"key": "...", "workspace"?: "...", "scope"?: "..."}. ${issue?.path.join('.') || 'body'}: ${issue?.message}`,
  }
}
