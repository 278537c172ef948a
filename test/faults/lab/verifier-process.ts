import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { operationsToken } from '../../../sandbox/operations.ts'
import { productBundle } from './bundle.ts'

/** `keywarden start --roles verify` as a process of its own, which ends with this one at the latest. */
export type VerifierProcess = {
  url: string
  /** as receipts name it */
  name: string
  stop(): void
  /** puts the clock that it sees so many milliseconds ahead, where `history/preload.mjs` was loaded */
  stepClock(ms: number): void
  resume(): void
  kill(): Promise<void>
  /** SIGTERM, and the exit code that follows */
  end(): Promise<number | null>
  log: string[]
}

// The channel closes when the parent is gone, however it went.
const endWithParent =
  'data:text/javascript,process.on("disconnect",()=>process.exit(9));process.channel&&process.channel.unref()'

/** @param main the bundle of the product under test; else this checkout's */
export async function startVerifierProcess(
  databaseUrl: string,
  env: Record<string, string> = {},
  main?: string,
): Promise<VerifierProcess> {
  const file = main ?? (await productBundle())
  const args = ['--enable-source-maps', '--import', endWithParent, file, 'start', '--roles', 'verify']
  const child = spawn(process.execPath, args, {
    // Nothing of Redis is needed here, so nothing of it is there.
    env: {
      PATH: process.env.PATH,
      KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
      DATABASE_URL: databaseUrl,
      REDIS_URL: 'redis://127.0.0.1:1',
      KEYWARDEN_HTTP_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log: string[] = []
  const url = await listening(child, log)
  const ended = once(child, 'exit')
  const { hostname } = await import('node:os')
  return {
    url,
    name: `${hostname()}:${child.pid}`,
    stop: () => void child.kill('SIGSTOP'),
    stepClock: (ms) => void child.send({ clockStepMs: ms }),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    async end() {
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const [code] = await ended
      return code as number | null
    },
    log,
  }
}

async function listening(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      log.push(line)
      const url = /"url":"([^"]+)"/.exec(line)?.[1]
      if (url) resolve(url)
    })
    createInterface({ input: child.stderr! }).on('line', (line) => log.push(line))
    child.on('exit', (code) => reject(new Error(`the verifier ended with ${code}:\n${log.join('\n')}`)))
  })
}
