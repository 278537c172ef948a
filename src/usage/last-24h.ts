import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import { sourcesOf } from './sources.ts'
import { trafficOf } from './traffic.ts'

/** The use of a key in the last 24 hours, to the five minutes. */
export type Last24h = {
  requests: number
  /** from where, the latest first */
  networks: string[]
}

/** Reads the use that stops when this key stops, for a person who is about to stop it. */
export async function last24hOf(db: Executor, keyId: string, now: Date): Promise<Last24h> {
  const from = new Date(now.getTime() - dayMs)
  const [traffic, sources] = await Promise.all([
    trafficOf(db, [keyId], from, now, 'five-minutes'),
    sourcesOf(db, [keyId], from, now),
  ])
  return {
    requests: traffic.reduce((sum, one) => sum + one.requests, 0),
    networks: [...new Set((sources.get(keyId) ?? []).map(({ network }) => network))],
  }
}
