import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'

export const scimBase = '/scim/v2'

const endpoints = ['Users', 'Groups', 'Schemas', 'ResourceTypes', 'ServiceProviderConfig', 'Me', 'Bulk']
const exact = new Map(endpoints.map((name) => [name.toLowerCase(), name]))

/**
 * A SCIM address as the routes have it: directories end it with a slash, write two, or write the endpoint in lower
 * case, and would take a 404 for a person who is not there. Any other address as it is. Pure.
 */
export function scimUrl({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const [path = '', ...query] = url.split('?')
  const [scim = '', version = '', endpoint, ...rest] = path.split('/').filter((part) => part !== '')
  if (`/${scim}/${version}`.toLowerCase() !== scimBase) return url
  const parts = endpoint === undefined ? [] : [exact.get(endpoint.toLowerCase()) ?? endpoint, ...rest]
  return [[scimBase, ...parts].join('/'), ...query].join('?')
}

/**
 * The base that the client used, for the absolute addresses of RFC 7643, 3.1. Only the sender of
 * these headers sees it.
 */
export function baseOf({ headers }: FastifyRequest): string {
  const host = headers.host ?? ''
  if (!/^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i.test(host)) return scimBase
  const forwarded = String(headers['x-forwarded-proto'] ?? '')
  return `${/^https\b/i.test(forwarded) ? 'https' : 'http'}://${host}${scimBase}`
}
