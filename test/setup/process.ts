import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { operationsToken } from '../../sandbox/operations.ts'

export type Process = {
  child: ChildProcess
  /** what it has said so far, on both streams */
  said(): string
  errors(): string
  /** resolves with what it has said once that fits; rejects when it ends without having said it */
  saysSoon(pattern: RegExp, seconds?: number): Promise<string>
  /** resolves with the exit code; a process that was killed by a signal has none */
  ended: Promise<number | null>
  /** SIGTERM, and its exit code */
  stop(): Promise<number | null>
}

const command = new URL('../../bin/keywarden', import.meta.url).pathname

/** The operator's command as a process of its own, with these variables and nothing else of ours. */
export function keywarden(args: readonly string[], env: Record<string, string>): Process {
  const { PATH, HOME } = process.env
  const child = spawn(command, args, {
    env: { PATH, HOME, KEYWARDEN_OPERATIONS_TOKEN: operationsToken, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { all: '', errors: '' }
  const heard = new Set<() => void>()
  const hear = (stream: 'out' | 'errors') => (chunk: Buffer) => {
    text.all += chunk
    if (stream === 'errors') text.errors += chunk
    for (const check of heard) check()
  }
  child.stdout.on('data', hear('out'))
  child.stderr.on('data', hear('errors'))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    said: () => text.all,
    errors: () => text.errors,
    ended,
    saysSoon: (pattern, seconds = 40) => saysSoon(pattern, seconds, text, heard, ended),
    async stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function saysSoon(
  pattern: RegExp,
  seconds: number,
  text: { all: string },
  heard: Set<() => void>,
  ended: Promise<unknown>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const finish = (done: () => void) => {
      clearTimeout(timer)
      heard.delete(check)
      done()
    }
    const check = () => pattern.test(text.all) && finish(() => resolve(text.all))
    const fail = (why: string) => finish(() => reject(new Error(`${why} ${pattern}. It said:\n${text.all}`)))
    const timer = setTimeout(() => fail(`${seconds} s passed without`), seconds * 1000)
    ended.then(() => fail('It ended without'))
    heard.add(check)
    check()
  })
}
