import { isWithin, type Networks } from '../keys/networks.ts'

/**
 * The address of whoever made a request that came through proxies. `forwarded` is X-Forwarded-For, whose entries
 * each proxy appends: read from the right, the first one that is not a proxy of ours is the client. Anything that a
 * client could have written itself stands further left and is not looked at.
 */
export function clientAddress(peer: string, forwarded: string | undefined, trusted: Networks): string {
  if (!forwarded || !isWithin(trusted, peer)) return peer
  const hops = forwarded.split(',').map((hop) => hop.trim())
  for (const hop of hops.reverse()) if (!isWithin(trusted, hop)) return hop
  return hops.at(-1) ?? peer
}
