import type { Allowance } from '../verification/limits.ts'

/** RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers writes them, and Retry-After with a 429. */
export function rateLimitHeaders({ isAllowed, limit, remaining, resetSeconds }: Allowance): string[] {
  const headers = [
    'ratelimit-policy',
    `"minute";q=${limit};w=60`,
    'ratelimit',
    `"minute";r=${remaining};t=${resetSeconds}`,
  ]
  return isAllowed ? headers : [...headers, 'retry-after', String(resetSeconds)]
}
