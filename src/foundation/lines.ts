import { createReadStream } from 'node:fs'

/** The longest line that is taken, in characters: more is no file of ours. */
const longest = 4_000_000

/**
 * The lines of a file, ended by line feeds alone: what somebody typed may contain the other line ends that
 * `readline` knows.
 * @throws what the file system says, or that a line is too long
 */
export async function* linesIn(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    yield* parts
    if (rest.length > longest) throw new LineTooLong(`${path} has a line of more than ${longest} characters.`)
  }
  if (rest !== '') yield rest
}

export class LineTooLong extends Error {
  override name = 'LineTooLong'
}
