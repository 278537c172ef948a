import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { runShell } from '../../src/cli/program.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'

export type Ran = { code: number | null; out: string; err: string }

const command = fileURLToPath(new URL('../../bin/keywarden', import.meta.url))

/** Runs the operator's command as a process, with exactly these variables, and what is typed at it. */
export async function keywarden(
  args: readonly string[],
  env: Record<string, string>,
  typed = '',
): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(command, args, { env: { PATH, HOME, ...env }, stdio: 'pipe' })
  // A command that asks nothing may have ended before it reads.
  child.stdin.on('error', () => undefined)
  child.stdin.end(typed)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, out, err }
}

/** The same command within this process: for what does not depend on being one, and many times as fast. */
export async function shell(args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const ran = { out: '', err: '' }
  const into =
    (which: 'out' | 'err') =>
    (piece: unknown, ...more: unknown[]) => {
      ran[which] += String(piece)
      for (const done of more) if (typeof done === 'function') done()
      return true
    }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(into('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(into('err')),
    vi.spyOn(console, 'log').mockImplementation((...words) => void into('out')(`${words.join(' ')}\n`)),
    vi.spyOn(console, 'error').mockImplementation((...words) => void into('err')(`${words.join(' ')}\n`)),
  ]
  try {
    const start = () => Promise.reject(new Error('not here'))
    const code = await runShell(args, { env, start, tryLive })
    return { code, ...ran }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}
