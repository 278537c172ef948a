import { liesIn, type Network, parseNetwork, readAddress, readNetwork } from '../foundation/address.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'

const max = 50

/**
 * Reads allowed networks as a person types them: addresses or CIDR networks, IPv4 or IPv6, separated by spaces,
 * commas or lines. Each is answered in its normal form, once; blank is no limit. Refuses a text that may mean something
 * else than the person thinks: a network by an address within it, all addresses, numbers with leading zeros, a network
 * within another.
 */
export function readNetworks(text: string): string[] | Refusal {
  const networks = new Set<string>()
  for (const word of text.split(/[\s,;]/).filter(Boolean)) {
    const read = readNetwork(word)
    if ('wrong' in read) return wrongNetwork(word, read.wrong, read.isForm)
    networks.add(read.network)
  }
  if (networks.size > max) return refuse('invalid', `Name at most ${max} networks.`, { field: 'networks' })
  return findOverlap([...networks]) ?? [...networks]
}

function wrongNetwork(word: string, wrong: string, isForm = false): Refusal {
  const next = isForm
    ? 'Write addresses or networks such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.'
    : wrong === 'is every address'
      ? 'Leave the field empty for no limit.'
      : undefined
  const more = next ? { field: 'networks', next } : { field: 'networks' }
  return refuse('invalid', say`${{ name: word.slice(0, 60) }} ${wrong}.`, more)
}

function findOverlap(networks: readonly string[]): Refusal | undefined {
  const parsed = networks.map((network) => ({ network, parsed: parseNetwork(network) }))
  for (const inner of parsed)
    for (const outer of parsed)
      if (outer.parsed[1] < inner.parsed[1] && liesIn([outer.parsed], inner.parsed[0]))
        return refuse('invalid', `${inner.network} lies within ${outer.network} already.`, {
          field: 'networks',
          next: 'Leave out one of the two.',
        })
  return undefined
}

export type Networks = readonly Network[]

/** Networks in the form that `isWithin` asks; they come from `readNetworks`, by way of the database. */
export const parseNetworks = (networks: readonly string[]): Networks => networks.map(parseNetwork)

/** Whether an address, as proxies write it, lies in one of the networks; what is not an address lies in none. */
export function isWithin(networks: Networks, ip: string): boolean {
  const address = readAddress(ip)
  return address !== undefined && liesIn(networks, address)
}
