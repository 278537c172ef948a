import {
  type FreshSource,
  judgeSources,
  type SourceVerdict,
  usualPerMinute,
} from '../../../src/anomaly/detector/new-source.ts'
import type { KeyState } from '../../../src/anomaly/detector/state.ts'
import { maxSources } from '../../../src/anomaly/evidence.ts'
import { bucketSeconds, day, week } from './calendar.ts'
import { createRandom } from './random.ts'
import type { Row, Usual } from './sources.ts'

/** A verdict about new sources, and how many seconds into the bucket it was reached. */
type Timed = { verdict: SourceVerdict; second: number }

/** As the product: the job's pause; and how long a count may wait to be written. */
const everySeconds = 10
const flushSeconds = 10
const quiet = { 'new-network': 3 * day, person: 7 * day }

/**
 * The product's watch over new sources, for one simulated key: what the database keeps of it is kept here, the judgement is
 * the product's. The state is that of the last whole bucket.
 */
export function watchSources(state: KeyState) {
  const known = new Map<string, number>()
  const alertedAt = { 'new-network': -Infinity, person: -Infinity }
  let recent: { bucket: number; row: Row; isNewNetwork: boolean; times: number[] }[] = []

  const isNew = (name: string, bucket: number) => (known.get(name) ?? Infinity) > bucket - day
  let begun = Infinity
  const kept = { network: 0, client: 0 }
  const learn = (kind: keyof typeof kept, name: string, bucket: number) => {
    const source = `${kind} ${name}`
    if (kept[kind] >= maxSources || known.has(source)) return
    kept[kind]++
    known.set(source, bucket)
    begun = Math.min(begun, bucket)
  }

  return (bucket: number, at: number, usual: Usual | undefined, rows: readonly Row[]): Timed | undefined => {
    const isLearnt = begun <= bucket - week
    const hour = Math.floor(bucket / 12)
    if (recent.length > 0) recent = recent.filter((one) => Math.floor(one.bucket / 12) >= hour - 1)
    if (isLearnt)
      for (const row of rows)
        if (isNew(`client ${row.client}`, bucket))
          recent.push({
            ...{
              bucket,
              row,
              isNewNetwork: isNew(`network ${row.network}`, bucket),
            },
            times: timesOf(row, bucket),
          })
    const found = recent.some((one) => one.bucket >= bucket - 1) ? judge(bucket, at) : undefined
    for (const { network, client } of rows) {
      learn('network', network, bucket)
      learn('client', client, bucket)
    }
    for (const network of usual?.networks ?? []) learn('network', network, bucket)
    for (const client of usual?.clients ?? []) learn('client', client, bucket)
    return found
  }

  function judge(bucket: number, at: number): Timed | undefined {
    if (bucket - alertedAt['new-network'] < quiet['new-network']) return undefined
    const clients = new Map(
      [...known].flatMap(([name, first]) =>
        name.startsWith('client ') && first <= bucket - day
          ? [[name.slice(7), (at - (bucket - first) * bucketSeconds) * 1000] as const]
          : [],
      ),
    )
    const habit = {
      ...{ clients, isAnywhere: kept.network >= maxSources },
      perMinute: usualPerMinute(state, Math.floor(at / 3600)),
    }
    for (let second = everySeconds; second <= bucketSeconds; second += everySeconds) {
      const until = bucket * bucketSeconds + second - flushSeconds
      const fresh = recent.flatMap(({ row, isNewNetwork, times }): FreshSource[] => {
        const seen = countUntil(times, until)
        if (seen === 0) return []
        const requests = Math.round((seen / times.length) * row.requests)
        const { network, client } = row
        return [{ network, client, isNewNetwork, requests, firstAt: times[0]!, lastAt: times[seen - 1]! }]
      })
      const verdict = judgeSources(fresh, habit, at * 1000)
      if (!verdict) continue
      if (verdict.reason === 'person' && bucket - alertedAt.person < quiet.person) continue
      alertedAt[verdict.reason] = bucket
      return { verdict, second }
    }
    return undefined
  }
}

/** How many of these sorted times have come until then. */
function countUntil(times: readonly number[], until: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! <= until) low = middle + 1
    else high = middle
  }
  return low
}

const maxTimes = 400

/** When the requests of a row came, in seconds since the simulation's start: as by chance, at most some hundreds of them. */
export function timesOf(row: Row, bucket: number): number[] {
  const random = createRandom(bucket * 7919 + row.requests)
  return Array.from(
    { length: Math.min(maxTimes, row.requests) },
    () => (bucket + random.uniform()) * bucketSeconds,
  ).sort((a, b) => a - b)
}
