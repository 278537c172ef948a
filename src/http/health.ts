import type { FastifyInstance } from 'fastify'
import type { MayOperate } from './operations.ts'

/**
 * `/healthz` says that the process runs; `/readyz` says whether it can do its work. To those who may operate it also says
 * why not, and names jobs that are late, messages that failed and troubles of a verifier, which take nobody out of
 * service. Each question has two seconds.
 */
export function addHealth(
  server: FastifyInstance,
  readiness: (() => Promise<string | undefined>)[],
  details: { late?: Details; failed?: Details; troubles?: Details },
  mayOperate: MayOperate,
): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (request, reply) => {
    const isForOperator = mayOperate(request)
    const reasons = (await Promise.all(readiness.map(answer))).filter((reason) => reason !== undefined)
    if (reasons.length === 0) return { status: 'ready', ...(isForOperator && (await readDetails(details))) }
    return reply.status(503).send({ status: 'not ready', ...(isForOperator && { reasons }) })
  })
}

type Details = (() => Promise<string[]>) | undefined

async function readDetails(details: Record<string, Details>): Promise<Record<string, string[]>> {
  const known = Object.entries(details).flatMap(([name, read]) => (read ? [{ name, read }] : []))
  const read = await Promise.all(known.map(async (one) => [one.name, await one.read()] as const))
  return Object.fromEntries(read)
}

async function answer(question: () => Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('a check took longer than two seconds'), 2_000)
  })
  try {
    return await Promise.race([question(), late])
  } catch (error) {
    return String(error)
  } finally {
    clearTimeout(timer)
  }
}
