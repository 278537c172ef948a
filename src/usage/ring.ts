import { recentPerKey, type TimedRequest } from './recent.ts'

/**
 * The last requests of a key: in columns, since an object for each request of a busy key would cost more than all
 * the counting. `round` is how many overwrote an older one.
 */
export type Ring = { times: number[]; words: string[]; round: number }

const wordsEach = 4

/** A ring with its first request. */
export const ringOf = ({ atMs, code, network, client, endpoint }: TimedRequest): Ring => ({
  times: [atMs],
  words: [code, network, client, endpoint],
  round: 0,
})

/** Adds a request; a ring that may not grow forgets its oldest. @returns whether it grew */
export function addToRing(
  ring: Ring,
  { atMs, code, network, client, endpoint }: TimedRequest,
  mayGrow: boolean,
): boolean {
  const { times, words } = ring
  const grows = mayGrow && ring.round === 0 && times.length < recentPerKey
  const place = grows ? times.length : ring.round++ % times.length
  times[place] = atMs
  words[place * wordsEach] = code
  words[place * wordsEach + 1] = network
  words[place * wordsEach + 2] = client
  words[place * wordsEach + 3] = endpoint
  return grows
}

/** The requests of a ring, the latest first. */
export function latestFirst({ times, words, round }: Ring): TimedRequest[] {
  return times.map((_, i) => {
    const place = (round + times.length - 1 - i) % times.length
    const [code, network, client, endpoint] = words.slice(place * wordsEach, (place + 1) * wordsEach)
    return { atMs: times[place]!, code: code!, network: network!, client: client!, endpoint: endpoint! }
  })
}
