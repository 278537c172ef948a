import ipaddr from 'ipaddr.js'
import { groupBy } from '../foundation/group-by.ts'

/** A network and a client of a key in one hour, as they are counted. */
export type Pair = { network: string; client: string }

/**
 * How many systems must have used a key at least, given where its requests of one hour came from and by which
 * clients. Pairs that share a neighbourhood or a client may be one system: machines behind a NAT that grows, a fleet
 * of one program in many zones, an office full of tools, a phone on IPv4 and IPv6. So the answer is the largest
 * number of pairs of which no two have either in common (a maximum matching, by augmenting paths), with those pairs.
 * Pure.
 */
export function systemsAtLeast(pairs: readonly Pair[]): Pair[] {
  const known = pairs.filter((pair) => neighbourhood(pair.network) !== undefined)
  const byPlace = groupBy(known, ({ network }) => neighbourhood(network)!)
  const takenBy = new Map<string, Pair>()

  function place(neighbours: readonly Pair[], seen: Set<string>): boolean {
    for (const pair of neighbours) {
      if (seen.has(pair.client)) continue
      seen.add(pair.client)
      const holder = takenBy.get(pair.client)
      if (holder && !place(byPlace.get(neighbourhood(holder.network)!)!, seen)) continue
      takenBy.set(pair.client, pair)
      return true
    }
    return false
  }
  for (const neighbours of byPlace.values()) place(neighbours, new Set())
  return [...takenBy.values()]
}

/** How many neighbourhoods there are, regardless of clients. */
export const neighbourhoods = (pairs: readonly Pair[]): number =>
  new Set(pairs.map(({ network }) => neighbourhood(network)).filter((one) => one !== undefined)).size

const seenFromWithin = new Set(['private', 'uniqueLocal', 'loopback', 'linkLocal', 'carrierGradeNat'])

/**
 * The part of the network that is likely one provider's or one organisation's: an IPv4 /16, an IPv6 /32, and all private
 * networks as one, since those are seen from within. Undefined for a source without an address.
 */
export function neighbourhood(network: string): string | undefined {
  const [text = ''] = network.split('/')
  if (!ipaddr.isValid(text)) return undefined
  const address = ipaddr.parse(text)
  if (seenFromWithin.has(address.range())) return 'private'
  return address.kind() === 'ipv4'
    ? address.toByteArray().slice(0, 2).join('.')
    : (address as ipaddr.IPv6).parts.slice(0, 2).join(':')
}
