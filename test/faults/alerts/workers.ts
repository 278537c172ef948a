import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Orders } from './worker.ts'

export type Workers = {
  /** sends to every worker, and to every one that follows it */
  order(orders: Orders): void
  /** sends to one of them only */
  orderOne(orders: Orders): void
  /** how often one died so far */
  deaths(): number
  stop(): Promise<void>
}

/** Keeps that many worker processes alive: one that dies is followed by another, as a supervisor would see to. */
export async function startWorkers(count: number, env: Record<string, string>): Promise<Workers> {
  const path = fileURLToPath(new URL('worker.ts', import.meta.url))
  const alive = new Set<ChildProcess>()
  let orders: Orders = {}
  let deaths = 0
  let isStopping = false

  async function begin(): Promise<void> {
    const child = fork(path, [], { execArgv: ['--import', 'tsx'], env: { ...process.env, ...env } })
    alive.add(child)
    child.on('exit', () => {
      alive.delete(child)
      if (isStopping) return
      deaths++
      void begin()
    })
    await once(child, 'message')
    child.send(orders)
  }
  await Promise.all(Array.from({ length: count }, begin))
  return {
    order(next) {
      orders = { ...orders, ...next, blockMs: undefined } as Orders
      for (const child of alive) if (child.connected) child.send(next)
    },
    orderOne: (next) => void [...alive][0]?.send(next),
    deaths: () => deaths,
    async stop() {
      isStopping = true
      const ended = [...alive].map((child) => once(child, 'exit'))
      for (const child of alive) child.kill('SIGKILL')
      await Promise.all(ended)
    },
  }
}
