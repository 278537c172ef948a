import { setTimeout as pause } from 'node:timers/promises'
import { requestOf } from '../customers.ts'
import type { Client } from '../history.ts'

const dayMs = 86_400_000

/**
 * Lets the customers' programs work as they do all day, as often as they did in the demo's past: what is made of other
 * numbers would be alerted as unusual. A program whose key was paused or ended goes on asking, as real ones do.
 */
export function startTraffic(platformUrl: string, clients: readonly Client[]): { stop(): Promise<void> } {
  const stopped = new AbortController()
  const { signal } = stopped
  const working = clients
    .filter(({ requestsADay }) => requestsADay > 0)
    .map(async (client) => {
      while (!signal.aborted) {
        await pause(waitMs(client), undefined, { signal }).catch(() => undefined)
        if (!signal.aborted) await send(platformUrl, client, signal)
      }
    })
  return {
    async stop() {
      stopped.abort()
      await Promise.all(working)
    },
  }
}

/** Requests come independently of each other, so the time between two of them is exponentially distributed. */
const waitMs = ({ requestsADay }: Client): number => (-Math.log(1 - Math.random()) * dayMs) / requestsADay

/** The requests of some minutes, at once: while the calendar is moved, nobody waits for them. */
export async function sendFor(
  platformUrl: string,
  clients: readonly Client[],
  minutes: number,
): Promise<void> {
  const lengthMs = minutes * 60_000
  const due = clients.flatMap((client) => {
    const sent: Client[] = []
    if (client.requestsADay === 0) return sent
    for (let at = waitMs(client); at < lengthMs; at += waitMs(client)) sent.push(client)
    return sent
  })
  for (const client of due) await send(platformUrl, client)
}

/** One request of a customer's program; what comes back is the program's own business. */
export async function send(platformUrl: string, client: Client, signal?: AbortSignal): Promise<void> {
  const { method, path, headers } = requestOf(client.habit, Math.floor(Math.random() * 1_000), client.token)
  await fetch(platformUrl + path, { method, headers, signal: signal ?? null }).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  )
}
