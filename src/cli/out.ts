import { once } from 'node:events'

/** Whoever reads our output may go away before its end, as `head` does. That is no failure worth a word. */
export function allowReadersToLeave(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/** Writes pieces to standard output no faster than they are read. Returns the exit code: 1 when nobody reads on. */
export async function writeOut(pieces: AsyncIterable<string>): Promise<number> {
  const { stdout } = process
  for await (const piece of pieces) {
    if (stdout.errored) return 1
    if (!stdout.write(piece))
      await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined)
  }
  await new Promise<unknown>((resolve) => stdout.write('', resolve))
  return stdout.errored ? 1 : 0
}
