import { setTimeout as pause } from 'node:timers/promises'

/** A customer's program: it calls the platform over and over with the key it is configured with. */
export type Client = {
  /** what it was answered so far: HTTP status -> how often; 0 for no answer at all */
  answers: Map<number, number>
  use(token: string): void
  /** resolves once this many more were answered */
  more(requests: number): Promise<void>
  stop(): Promise<Map<number, number>>
}

export function startClient(platformUrl: string, token: string, agent = 'python-requests/2.32'): Client {
  const answers = new Map<number, number>()
  let current = token
  let isRunning = true
  let total = 0
  async function ask(): Promise<number> {
    const headers = { authorization: `Bearer ${current}`, 'user-agent': agent }
    const response = await fetch(`${platformUrl}/v1/contacts`, { headers }).catch(() => undefined)
    await response?.text()
    return response?.status ?? 0
  }
  async function run() {
    while (isRunning) {
      const status = await ask()
      answers.set(status, (answers.get(status) ?? 0) + 1)
      total++
      await pause(20)
    }
  }
  const running = run()
  return {
    answers,
    use(next) {
      current = next
    },
    async more(requests) {
      const until = total + requests
      const deadline = performance.now() + 20_000
      while (total < until) {
        if (performance.now() > deadline) throw new Error(`${until} requests expected, ${total} answered`)
        await pause(20)
      }
    },
    async stop() {
      isRunning = false
      await running
      return answers
    },
  }
}
