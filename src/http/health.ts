import type { FastifyInstance } from 'fastify'

/**
 * `/healthz` says that the process runs; `/readyz` says whether it can do its work, and if not, why not. Each
 * question has two seconds. Jobs that are late and troubles of a verifier that can still answer are named there too, but take
 * nobody out of service.
 */
export function addHealth(
  server: FastifyInstance,
  readiness: (() => Promise<string | undefined>)[],
  { late, troubles = () => [] }: { late?: () => Promise<string[]>; troubles?: () => string[] } = {},
): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const reasons = (await Promise.all(readiness.map(answer))).filter((reason) => reason !== undefined)
    const named = troubles().length > 0 ? { troubles: troubles() } : {}
    if (reasons.length === 0) return { status: 'ready', ...(late ? { late: await late() } : {}), ...named }
    return reply.status(503).send({ status: 'not ready', reasons })
  })
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
