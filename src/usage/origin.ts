import { networkAround, readAddress } from '../foundation/address.ts'
import { holdsToken } from '../foundation/scrub.ts'
import { SecondChance } from '../foundation/second-chance.ts'

/** The name for an address or user agent that is not known. */
const unknownOrigin = 'unknown'
/** The name for sources beyond the bound. */
export const otherOrigin = 'other'

const longestRemembered = 512

/**
 * The network of an address, so that a household, an office or a row of machines is one: IPv4 as /24, IPv6 as /48,
 * in CIDR text.
 */
function networkOf(ip: string): string {
  const address = readAddress(ip)
  if (!address) return unknownOrigin
  return networkAround(address, address.kind() === 'ipv4' ? 24 : 48)
}

/**
 * The product that a user agent names first (RFC 9110, 10.1.5), without its version: `python-requests`. A product
 * that looks like a token is not kept: somebody may have put their key into the wrong header.
 */
function clientOf(userAgent: string): string {
  const product = /^\s*([\w!#$%&'*+.^`|~-]{1,60})(?=[/\s(]|$)/.exec(userAgent)?.[1]
  return product === undefined || holdsToken(product) ? unknownOrigin : product
}

/** Answers the same questions again and again, from a bounded memory. */
export class Origins {
  readonly #networks = new SecondChance<string>(20_000)
  readonly #clients = new SecondChance<string>(2_000)

  network = (ip: string | undefined) => recall(this.#networks, ip, networkOf)
  client = (userAgent: string | undefined) => recall(this.#clients, userAgent, clientOf)
}

function recall(memory: SecondChance<string>, said: string | undefined, read: (said: string) => string) {
  if (!said) return unknownOrigin
  if (said.length > longestRemembered) return read(said)
  let answer = memory.get(said)
  if (answer === undefined) {
    answer = read(said)
    memory.set(said, answer)
  }
  return answer
}
