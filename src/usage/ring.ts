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
  const index = grows ? times.length : ring.round++ % times.length
  times[index] = atMs
  words[index * wordsEach] = code
  words[index * wordsEach + 1] = network
  words[index * wordsEach + 2] = client
  words[index * wordsEach + 3] = endpoint
  return grows
}

/** The requests of a ring, the latest first. */
export function latestFirst({ times, words, round }: Ring): TimedRequest[] {
  return times.map((_, i) => {
    const index = (round + times.length - 1 - i) % times.length
    const [code, network, client, endpoint] = words.slice(index * wordsEach, (index + 1) * wordsEach)
    return { atMs: times[index]!, code: code!, network: network!, client: client!, endpoint: endpoint! }
  })
}
