import type { Executor } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { sourcesOf } from '../usage/sources.ts'
import { trafficOf } from '../usage/traffic.ts'
import type { Rotation } from './rotation.ts'

/** The last hours of a compromised key: networks and clients, and which of them are new. */
export type CompromiseReport = {
  hours: number
  requests: number
  refused: number
  sources: {
    network: string
    client: string
    requests: number
    refused: number
    lastAt: Date
    isNew: boolean
  }[]
}

const hours = 48
const knownForDays = 28

/**
 * Reports the use of a compromised key in the 48 hours before it was refused: how often, from which networks and clients,
 * and which of them were not seen in the four weeks before that.
 */
export async function reportOf(db: Executor, rotation: Rotation): Promise<CompromiseReport> {
  const keyId = rotation.predecessorId
  const until = new Date((rotation.cutAt ?? rotation.startedAt).getTime() + hourMs)
  const since = new Date(until.getTime() - hourMs - hours * hourMs)
  const earlier = new Date(since.getTime() - knownForDays * 24 * hourMs)
  const traffic = await trafficOf(db, [keyId], since, until, 'hour')
  const sources = (await sourcesOf(db, [keyId], since, until)).get(keyId) ?? []
  const before = (await sourcesOf(db, [keyId], earlier, since)).get(keyId) ?? []
  const known = new Set(before.map(({ network, client }) => `${network} ${client}`))
  return {
    hours,
    requests: traffic.reduce((all, row) => all + row.requests, 0),
    refused: traffic.reduce((all, row) => all + row.refused, 0),
    sources: sources.map(({ network, client, requests, refused, lastAt }) => ({
      ...{ network, client, requests, refused, lastAt },
      isNew: !known.has(`${network} ${client}`),
    })),
  }
}
