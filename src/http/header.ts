import type { IncomingMessage } from 'node:http'

/**
 * The first header of that name, which is given in lower case. `request.headers` would make an object of all of them,
 * and a verify reads three.
 */
export function headerOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i]!
    if (raw.length === name.length && raw.toLowerCase() === name) return rawHeaders[i + 1]
  }
  return undefined
}
