import cluster, { type Worker } from 'node:cluster'
import { setTimeout as pause } from 'node:timers/promises'
import { AggregatorRegistry } from 'prom-client'

const restartAfterMs = 500

/** Whether this is one of the processes that `superviseProcesses` started. */
export const isOneOfSeveral = (): boolean => cluster.isWorker

/**
 * Runs this command in several processes that share one port, until a signal comes. A process that ends is replaced;
 * one that cannot start stops the others too, since the next would not start either.
 * @returns the exit code
 */
export async function superviseProcesses(count: number): Promise<number> {
  let isStopping = false
  let code = 0
  const started = new WeakSet<Worker>()
  const running = new Set<Worker>()
  const add = () => running.add(cluster.fork())
  function stop() {
    isStopping = true
    for (const worker of running) worker.process.kill('SIGTERM')
  }

  answerForMetrics()
  cluster.on('listening', (worker) => started.add(worker))
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  await new Promise<void>((resolve) => {
    cluster.on('exit', async (worker, exitCode) => {
      running.delete(worker)
      if (!isStopping && !started.has(worker)) {
        code = exitCode || 1
        stop()
      }
      if (!isStopping) {
        console.error(`process ${worker.process.pid} ended; another takes its place`)
        await pause(restartAfterMs)
      }
      if (!isStopping) add()
      else if (running.size === 0) resolve()
    })
    for (let i = 0; i < count; i++) add()
  })
  return code
}

/** A scrape reaches one process, which must answer with the sum of all. */
function answerForMetrics(): void {
  const all = new AggregatorRegistry()
  cluster.on('message', async (worker, message: { wants?: string; id?: number }) => {
    if (message.wants !== 'metrics') return
    const text = await all.clusterMetrics().catch(() => '')
    if (worker.isConnected()) worker.send({ metrics: text, id: message.id })
  })
}
