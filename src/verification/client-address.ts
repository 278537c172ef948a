import { SecondChance } from '../foundation/second-chance.ts'
import { isWithin, type Networks } from '../keys/networks.ts'

/**
 * The client's address of a request that came through proxies, as it was written (`readAddress` reads it). `forwarded`
 * is X-Forwarded-For, whose entries each proxy appends: read from the right, the first one that is not a proxy of ours is the
 * client, also if it is no address. Anything that a client could have written itself is further left and is ignored, as
 * are empty entries.
 */
export function clientAddress(peer: string, forwarded: string | undefined, trusted: Networks): string {
  if (!forwarded || !isWithin(trusted, peer)) return peer
  const hops = forwarded.split(',').map((hop) => hop.trim())
  const named = hops.filter((hop) => hop !== '').reverse()
  return named.find((hop) => !isWithin(trusted, hop)) ?? named.at(-1) ?? peer
}

const longestRemembered = 512

/** `clientAddress`, for the same few peers and some thousands of clients again and again. */
export function clientAddresses(trusted: Networks): (peer: string, forwarded: string | undefined) => string {
  const peers = new SecondChance<boolean>(2_000)
  const clients = new SecondChance<string>(20_000)

  function isTrusted(peer: string): boolean {
    let known = peers.get(peer)
    if (known === undefined) {
      known = isWithin(trusted, peer)
      peers.set(peer, known)
    }
    return known
  }

  return (peer, forwarded) => {
    if (!forwarded || !isTrusted(peer)) return peer
    let client = clients.get(forwarded)
    if (client === undefined) {
      client = clientAddress(peer, forwarded, trusted)
      if (forwarded.length <= longestRemembered) clients.set(forwarded, client)
    }
    return client
  }
}
