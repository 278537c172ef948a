import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** An address and how many of its leading bits are those of the network. */
export type Network = readonly [Address, number]

/** Four decimal numbers without leading zeros, which some read as octal. */
const ipv4 = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/
const ipv6 = /^[0-9a-f:]*:[0-9a-f:]*(?:(?<=:)(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2}))?$/i

/** An address as it is, without port or zone. IPv4 within IPv6 (`::ffff:10.0.0.1`) is IPv4. */
function bareAddress(text: string): Address | undefined {
  if (!ipv4.test(text) && !ipv6.test(text)) return undefined
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined
}

/**
 * An address as proxies and sockets write it: with a port (`203.0.113.7:51234`, `[2001:db8::7]:443`), in brackets, in quotes,
 * or with a zone (`fe80::1%eth0`), all of which are left out. Undefined for what is not one address, such as `unknown`
 * or a number with a leading zero.
 */
export function readAddress(text: string): Address | undefined {
  const said = /^"(.*)"$/.exec(text)?.[1] ?? text
  const [, inBrackets, beforePort] = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/.exec(said) ?? []
  const bare = inBrackets ?? beforePort ?? said
  const zone = bare.indexOf('%')
  if (zone < 0) return bareAddress(bare)
  return bare.includes(':') && zone < bare.length - 1 ? bareAddress(bare.slice(0, zone)) : undefined
}

/**
 * A network as a person types it, in its normal form: an address, or a network by its first address and its bits. What
 * could be meant in two ways is answered with what is wrong about it, as the end of a sentence that begins with it.
 */
export function readNetwork(word: string): { network: string } | { wrong: string; isForm?: boolean } {
  const [, text = '', length] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(word) ?? []
  const address = bareAddress(text)
  if (!address) return { wrong: 'is not a network', isForm: true }
  const all = address.kind() === 'ipv4' ? 32 : 128
  // A network of IPv4 addresses that is written as IPv6 counts the 96 bits before them too.
  const mapped = all === 32 && text.includes(':') ? 96 : 0
  const bits = length === undefined ? all : Number(length) - mapped
  if (bits > all || bits < 0) return { wrong: 'is not a network', isForm: true }
  if (bits === 0) return { wrong: 'is every address' }
  const first = firstOf(address, bits)
  if (first.toString() !== address.toString())
    return { wrong: `is not how a network begins: write ${first}/${bits}, or ${address} for the one address` }
  return { network: `${first}/${bits}` }
}

const firstOf = (address: Address, bits: number): Address =>
  address.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)

/** A network in the normal form of `readNetwork`. */
export const parseNetwork = (network: string): Network => ipaddr.parseCIDR(network)

/** Whether an address lies in one of the networks. */
export const liesIn = (networks: readonly Network[], address: Address): boolean =>
  networks.some(([first, bits]) => first.kind() === address.kind() && address.match(first, bits))

/** The network of that many bits that an address lies in, as CIDR text. */
export const networkAround = (address: Address, bits: number): string => `${firstOf(address, bits)}/${bits}`
