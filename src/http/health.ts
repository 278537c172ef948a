import type { FastifyInstance } from 'fastify'

/**
 * `/healthz` says that the process runs; `/readyz` says whether it can do its work, and if not, why not. Each
 * question has two seconds. Jobs that are late, messages that failed and troubles of a verifier are named there too, but take
 * nobody out of service.
 */
export function addHealth(
  server: FastifyInstance,
  readiness: (() => Promise<string | undefined>)[],
  details: { late?: Details; failed?: Details; troubles?: Details } = {},
): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const reasons = (await Promise.all(readiness.map(answer))).filter((reason) => reason !== undefined)
    if (reasons.length === 0) return { status: 'ready', ...(await readDetails(details)) }
    return reply.status(503).send({ status: 'not ready', reasons })
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
