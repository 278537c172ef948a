import { once } from 'node:events'

/** Ignores a reader that closes our output early, as `head` does. */
export function allowReadersToLeave(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

/**
 * Writes pieces to standard output no faster than they are read. Returns the exit code: 1 when the reader has left.
 */
export async function writeOut(pieces: AsyncIterable<string>): Promise<number> {
  const { stdout } = process
  for await (const piece of pieces) {
    if (stdout.errored) return 1
    if (stdout.write(piece)) continue
    const waiting = new AbortController()
    const { signal } = waiting
    await Promise.race([once(stdout, 'drain', { signal }), once(stdout, 'close', { signal })]).catch(
      () => undefined,
    )
    // Whichever did not come is waited for no more.
    waiting.abort()
  }
  await new Promise<unknown>((resolve) => stdout.write('', resolve))
  return stdout.errored ? 1 : 0
}
