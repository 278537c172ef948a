import { loadState, newState, stateBytes } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import { bucketSeconds, firstMoment } from './simulation/calendar.ts'
import { createRandom } from './simulation/random.ts'

const activeKeys = 100_000
const batch = 5_000

/** A state that has lived for some days, as bytes. */
function livedState(days: number): Uint8Array {
  const random = createRandom(7)
  const state = newState()
  for (let i = 0; i < days * 288; i++)
    step(state, bucketAt(firstMoment + i * bucketSeconds, random.poisson(40)))
  return state.bytes
}

const bucketAt = (at: number, count: number) => ({
  at,
  count,
  errors: 0,
  offsetSeconds: 0,
  expected: false,
})

/**
 * Seconds for one step of 100,000 active keys at the turn of a day, when a step costs most: each state is read from
 * bytes, stepped and copied to bytes again, 5,000 keys at a time. In memory; Postgres is not part of it.
 */
export function measureSpeed(): { seconds: number; rssMegabytes: number; stateBytes: number } {
  const days = 40
  const stored = Buffer.from(livedState(days))
  const at = firstMoment + days * 86400
  const started = process.hrtime.bigint()
  let bytes = 0
  const state = newState()
  for (let done = 0; done < activeKeys; done += batch) {
    const written: Buffer[] = []
    for (let key = 0; key < batch; key++) {
      loadState(state, stored)
      step(state, bucketAt(at, (done + key) % 80))
      written.push(Buffer.from(state.bytes))
    }
    bytes += written.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }
  if (bytes !== activeKeys * stateBytes) throw new Error('Not every state was written.')
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  return { seconds, rssMegabytes: process.memoryUsage().rss / 2 ** 20, stateBytes }
}
