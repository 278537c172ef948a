import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

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
