import { getHeapStatistics, setFlagsFromString } from 'node:v8'

const everyMs = 1_000
const littleBytes = 100e6
/** How much a heap may grow until garbage is collected, in per cent: collecting makes requests wait. */
const growth = { little: 150, much: 25 }

/**
 * Bounds the garbage of a process that holds much for long, which left alone grows to several times of what is held. As long
 * as little is held, there is room enough. Holds until the process ends.
 */
export function boundGarbage(): void {
  const bound = () => {
    const percent = getHeapStatistics().used_heap_size < littleBytes ? growth.little : growth.much
    setFlagsFromString(`--heap-growing-percent=${percent}`)
  }
  bound()
  setInterval(bound, everyMs).unref()
}
