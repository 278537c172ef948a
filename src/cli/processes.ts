import cluster, { type Worker } from 'node:cluster'
import { setTimeout as pause } from 'node:timers/promises'

const restartAfterMs = 500

/** Whether this is one of the processes that `superviseProcesses` started. */
export const isOneOfSeveral = (): boolean => cluster.isWorker

/**
 * Runs this same command in several processes that share one port, until a signal comes. One that ends is replaced;
 * one that cannot even start takes the others down with it, since the next would not start either.
 * @returns the exit code
 */
export async function superviseProcesses(count: number): Promise<number> {
  let isStopping = false
  let code = 0
  const started = new WeakSet<Worker>()
  const running = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

  function stop() {
    isStopping = true
    for (const worker of running()) worker.process.kill('SIGTERM')
  }

  cluster.on('listening', (worker) => started.add(worker))
  cluster.on('exit', async (worker, exitCode) => {
    if (isStopping) return
    if (!started.has(worker)) {
      code = exitCode || 1
      return stop()
    }
    console.error(`process ${worker.process.pid} ended; starting another`)
    await pause(restartAfterMs)
    if (!isStopping) cluster.fork()
  })
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  for (let i = 0; i < count; i++) cluster.fork()
  while (!isStopping || running().length > 0) await pause(50)
  return code
}
