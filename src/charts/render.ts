import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import type { Picture } from './chart.ts'

const idleMs = 600_000
/** Real milliseconds after which the message goes without its picture. */
const timeoutMs = 30_000

let pool: Piscina<Picture, Uint8Array> | undefined

/**
 * Draws a picture as a PNG. That takes tens of milliseconds, so it runs in its own thread, which starts with the
 * first picture and ends after ten idle minutes.
 * @throws when drawing fails or takes more than half a minute
 */
export function render(picture: Picture): Promise<Uint8Array> {
  pool ??= openPool()
  return pool.run(picture, { signal: AbortSignal.timeout(timeoutMs) })
}

function openPool(): Piscina<Picture, Uint8Array> {
  const isSource = import.meta.url.endsWith('.ts')
  return new Piscina({
    filename: fileURLToPath(new URL(isSource ? './draw.ts' : './draw.js', import.meta.url)),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: idleMs,
    ...(isSource ? { execArgv: ['--import', 'tsx'] } : {}),
  })
}
