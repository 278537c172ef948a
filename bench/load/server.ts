import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buildProduct } from './build.ts'

export type Server = { url: string; pid: number; stop(): Promise<void> }

const endWithParent =
  'data:text/javascript,process.on("disconnect",()=>process.exit(9));process.channel&&process.channel.unref()'

/** Starts a server as a process of its own; it prints a line that holds its URL when it listens. */
export async function startServer(args: string[], env: Record<string, string> = {}): Promise<Server> {
  const child = spawn(process.execPath, ['--import', endWithParent, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const found = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1]
      if (found) resolve(found)
      else if (/error|warn/i.test(line)) console.error(line)
    })
    child.on('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code}`)))
  })
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A verifier as a process of its own, compiled as a release is. */
export const startProduct = (databaseUrl: string, env: Record<string, string> = {}): Promise<Server> =>
  startServer([buildProduct(), 'start', '--roles', 'verify'], {
    DATABASE_URL: databaseUrl,
    KEYWARDEN_HTTP_PORT: '0',
    ...env,
  })
