import { once } from 'node:events'

/**
 * Writes pieces to standard output no faster than they are read. Returns the exit code: 1 when whoever reads went
 * away before the end, as `head` does.
 */
export async function writeOut(pieces: AsyncIterable<string>): Promise<number> {
  const { stdout } = process
  let gone = false
  const onError = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone = true
  }
  stdout.on('error', onError)
  try {
    for await (const piece of pieces) {
      if (gone) return 1
      if (!stdout.write(piece)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')])
    }
    return gone ? 1 : 0
  } finally {
    stdout.off('error', onError)
  }
}
