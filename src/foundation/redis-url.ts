import type { RedisOptions } from 'ioredis'

/** Whether a text has one of the forms of REDIS_URL. */
export const isRedisUrl = (text: string): boolean =>
  isBehindSentinel(text)
    ? sentinelOptions(text) !== undefined
    : /^rediss?:\/\//.test(text) && URL.canParse(text)

export const isBehindSentinel = (url: string): boolean => /^rediss?\+sentinel:/.test(url)

const form = /^redis(s?)\+sentinel:\/\/(?:([^@/]*)@)?([^@/?#]+)\/([^/?#]+)(?:\/(\d+))?(?:\?([^#]*))?$/
const sentinelPort = 26379

/**
 * Reads `redis+sentinel://user:password@host:port,host:port/name/database?sentinelUsername=...&sentinelPassword=...`: the
 * hosts are the Sentinels, which know where the primary called `name` is; `rediss` has TLS to them and to it. Undefined
 * for any other form.
 */
export function sentinelOptions(url: string): RedisOptions | undefined {
  const parts = form.exec(url)
  if (!parts) return undefined
  const [, isSecure, login = '', hosts = '', name = '', database = '0', query = ''] = parts
  try {
    const addresses = hosts.split(',').map(addressIn)
    const [username, ...password] = login.split(':').map(decodeURIComponent)
    const asked = new URLSearchParams(query)
    const all = {
      ...{ username, password: password.join(':') },
      sentinelUsername: asked.get('sentinelUsername'),
      sentinelPassword: asked.get('sentinelPassword'),
    }
    const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value))
    const secure = isSecure ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {}
    return { ...given, ...secure, sentinels: addresses, name: decodeURIComponent(name), db: Number(database) }
  } catch {
    return undefined
  }
}

/** @throws TypeError when it is no host with or without a port */
function addressIn(text: string): { host: string; port: number } {
  // Of this scheme a host may not be empty.
  const { hostname, port } = new URL(`ws://${text}`)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || sentinelPort) }
}
