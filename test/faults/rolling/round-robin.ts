import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type RoundRobin = {
  url: string
  /** what listens there gets requests while its `/readyz` says 200 */
  add(url: string): void
  remove(url: string): void
  ready(): number
  /** what a client was told in place of a process's answer, and why */
  failures: string[]
  close(): Promise<void>
}

/** Each request to the next ready process, on connections that are kept, and nothing is sent twice. */
export async function openRoundRobin(askEveryMs: number): Promise<RoundRobin> {
  const backends = new Map<string, boolean>()
  const failures: string[] = []
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  const server = createServer((incoming, response) => {
    const ready = [...backends].filter(([, isReady]) => isReady)
    const [backend] = ready[turn++ % ready.length] ?? []
    if (backend) pass(backend, incoming, response)
    else fail(response, 503, 'nobody is ready')
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const asking = setInterval(() => void Promise.all([...backends.keys()].map(ask)), askEveryMs)

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (url) => void backends.set(url, false),
    remove: (url) => void backends.delete(url),
    ready: () => [...backends.values()].filter(Boolean).length,
    failures,
    async close() {
      clearInterval(asking)
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function ask(url: string) {
    const isReady = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      async (answer) => {
        await answer.text()
        return answer.status === 200
      },
      () => false,
    )
    if (backends.has(url)) backends.set(url, isReady)
  }

  function pass(backend: string, incoming: IncomingMessage, response: ServerResponse) {
    const { connection: _own, ...headers } = incoming.headers
    const options = { method: incoming.method, headers, agent }
    const outgoing = request(backend + incoming.url, options, (answer) => {
      const {
        connection: _theirs,
        'keep-alive': _kept,
        'transfer-encoding': _chunked,
        ...rest
      } = answer.headers
      response.writeHead(answer.statusCode!, rest)
      answer.pipe(response)
    })
    outgoing.on('error', (error) =>
      fail(response, 502, `${incoming.method} ${incoming.url}: ${error.message}`),
    )
    incoming.pipe(outgoing)
  }

  function fail(response: ServerResponse, status: number, why: string) {
    failures.push(why)
    if (response.headersSent) response.destroy()
    else response.writeHead(status).end()
  }
}
