import ipaddr from 'ipaddr.js'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'

const max = 50

/**
 * Reads allowed networks as a person types them: addresses or CIDR networks, IPv4 or IPv6, separated by spaces,
 * commas or lines. Each is answered in its normal form (`10.1.2.3/8` is `10.0.0.0/8`), once; blank is no limit.
 */
export function readNetworks(text: string): string[] | Refusal {
  const networks = new Set<string>()
  for (const word of text.split(/[\s,;]+/).filter(Boolean)) {
    const network = normal(word)
    if (!network)
      return refuse('invalid', say`${{ name: word.slice(0, 60) }} is not a network.`, {
        field: 'networks',
        next: 'Write addresses or networks such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.',
      })
    networks.add(network)
  }
  if (networks.size > max) return refuse('invalid', `Name at most ${max} networks.`, { field: 'networks' })
  return [...networks]
}

function normal(word: string): string | undefined {
  // The library would read 0x7f.1 and 127.1 too; a person who types those meant something else.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)(\/\d{1,3})?$/i.test(word)) return undefined
  try {
    const [address, bits] = word.includes('/') ? ipaddr.parseCIDR(word) : whole(ipaddr.process(word))
    const network =
      address.kind() === 'ipv4'
        ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
        : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)
    return `${network}/${bits}`
  } catch {
    return undefined
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

const whole = (address: Address): [Address, number] => [address, address.kind() === 'ipv4' ? 32 : 128]

export type Networks = readonly (readonly [Address, number])[]

/** Networks in the form that `isWithin` asks; they come from `readNetworks`, by way of the database. */
export const parseNetworks = (networks: readonly string[]): Networks =>
  networks.map((network) => ipaddr.parseCIDR(network))

/** Whether an address lies in one of the networks; what is not an address lies in none. */
export function isWithin(networks: Networks, ip: string): boolean {
  if (!ipaddr.isValid(ip)) return false
  // `process` turns ::ffff:10.0.0.1 into 10.0.0.1, which is how a dual-stack socket names an IPv4 client.
  const address = ipaddr.process(ip)
  return networks.some((network) => network[0].kind() === address.kind() && address.match([...network]))
}
