import { requestOf } from '../customers.ts'
import type { Client } from '../history.ts'

const pauseMs = 700

/**
 * Lets the customers' programs work as they do all day: one request after the other, the busier ones more often. A
 * program whose key was paused or ended goes on asking, as real ones do.
 */
export function startTraffic(platformUrl: string, clients: readonly Client[]): { stop(): Promise<void> } {
  const stopped = new AbortController()
  let sending = Promise.resolve()
  const timer = setInterval(() => {
    sending = sending.then(() => send(platformUrl, choose(clients), stopped.signal))
  }, pauseMs)
  return {
    async stop() {
      clearInterval(timer)
      stopped.abort()
      await sending
    },
  }
}

function choose(clients: readonly Client[]): Client {
  const tickets = clients.flatMap((client) => Array<Client>(client.requestsADay).fill(client))
  return tickets[Math.floor(Math.random() * tickets.length)]!
}

/** One request of a customer's program; what comes back is the program's own business. */
export async function send(platformUrl: string, client: Client, signal?: AbortSignal): Promise<void> {
  const { method, path, headers } = requestOf(client.habit, Math.floor(Math.random() * 1_000), client.token)
  await fetch(platformUrl + path, { method, headers, signal: signal ?? null }).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  )
}
