/** Reports outcomes to a verifier as a platform does, at a steady rate; a batch that has no answer is sent again. */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

export const batchSize = 1_000
const inFlight = 8

export type Ingested = { events: number; seconds: number; refusals: number; eventsPerSecond: number }

/**
 * Sends batches of a thousand outcomes, so many events a second for so long, and goes on until each has its answer.
 * `halfway` runs once in the middle, while sending goes on.
 */
export async function ingest(
  url: string,
  serviceToken: string,
  keyIds: readonly string[],
  { eventsPerSecond, seconds }: { eventsPerSecond: number; seconds: number },
  halfway: () => Promise<void>,
): Promise<Ingested> {
  const batches = (eventsPerSecond * seconds) / batchSize
  const begun = performance.now()
  let next = 0
  let refusals = 0
  const send = async (body: string) => {
    for (;;) {
      const answer = await fetch(`${url}/v1/usage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
        body,
      }).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.status === 200) return
      refusals++
      await pause(200)
    }
  }
  const sender = async () => {
    while (next < batches) {
      const number = next++
      const dueMs = (number * batchSize * 1_000) / eventsPerSecond
      await pause(Math.max(0, dueMs - (performance.now() - begun)))
      await send(batchOf(number, keyIds))
    }
  }
  const middle = pause((seconds * 1_000) / 2).then(halfway)
  await Promise.all([...Array.from({ length: inFlight }, sender), middle])
  const took = (performance.now() - begun) / 1_000
  return {
    events: batches * batchSize,
    seconds: took,
    refusals,
    eventsPerSecond: (batches * batchSize) / took,
  }
}

const paths = ['/v1/contacts', '/v1/contacts/7', '/v1/conversations', '/v1/agents']

function batchOf(number: number, keyIds: readonly string[]): string {
  const at = new Date().toISOString()
  const outcomes = Array.from({ length: batchSize }, (_, i) => ({
    keyId: keyIds[(number * 7919 + i * 31) % keyIds.length],
    ...{ method: 'GET', path: paths[i % paths.length], status: i % 50 === 0 ? 500 : 200, at },
    ...{ ip: `203.0.${i % 250}.7`, userAgent: 'python-requests/2.32.3' },
  }))
  return JSON.stringify({ batch: randomUUID(), sentAt: at, outcomes })
}
