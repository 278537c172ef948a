import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { isScope, type Scope } from '../keys/scope.ts'
import { scopeBits } from './decide.ts'

/**
 * One row: who may send this method to paths of this form. Any one of the scopes suffices. `widened`: scopes that the
 * documentation opens it for too, and that live keys get only once the operator says so.
 */
export type Row = { method: string; path: string; scopes: Scope[]; widened?: Scope[] }

/** `widened`: scopes for which the route is still closed. */
export type Route = { name: string; anyScope: number; widened?: number }

/** `log` keeps the routes that are to be widened as they were, and logs which keys would be let through. */
export type Widening = 'log' | 'allow'

/** Answers which route a method and a path, as `readPath` reads it, belong to; undefined when no row allows them. */
export type ScopeTable = { routes: readonly Route[]; find(method: string, path: string): Route | undefined }

/** The endpoint of a request that names a scope instead of a method and path. */
export const endpointOfScope = (scope: Scope): string => `scope:${scope}`

const area = (name: 'conversations' | 'agents', path: string): Row[] => [
  { method: 'GET', path: `/v1/${path}`, scopes: ['read', name] },
  { method: 'GET', path: `/v1/${path}/**`, scopes: ['read', name] },
  ...['POST', 'PUT', 'PATCH', 'DELETE'].flatMap((method): Row[] => [
    { method, path: `/v1/${path}`, scopes: ['write', name] },
    { method, path: `/v1/${path}/**`, scopes: ['write', name] },
  ]),
]

/**
 * The platform's own documentation as data: `read` reads everything, `write` creates, updates and deletes everything, and
 * `conversations`, `agents` and `analytics` each open their own area. Making an export belongs to `analytics` too, and was
 * closed to it before.
 */
export const defaultRows: readonly Row[] = [
  { method: 'GET', path: '/v1/contacts', scopes: ['read'] },
  { method: 'POST', path: '/v1/contacts', scopes: ['write'] },
  { method: 'GET', path: '/v1/contacts/{id}', scopes: ['read'] },
  { method: 'PUT', path: '/v1/contacts/{id}', scopes: ['write'] },
  { method: 'PATCH', path: '/v1/contacts/{id}', scopes: ['write'] },
  { method: 'DELETE', path: '/v1/contacts/{id}', scopes: ['write'] },
  ...area('conversations', 'conversations'),
  { method: 'GET', path: '/v1/conversations/{id}', scopes: ['read', 'conversations'] },
  { method: 'POST', path: '/v1/conversations/{id}/messages', scopes: ['write', 'conversations'] },
  ...area('agents', 'agents'),
  { method: 'GET', path: '/v1/agents/{id}', scopes: ['read', 'agents'] },
  { method: 'GET', path: '/v1/analytics', scopes: ['read', 'analytics'] },
  { method: 'GET', path: '/v1/analytics/**', scopes: ['read', 'analytics'] },
  { method: 'POST', path: '/v1/analytics/exports', scopes: ['write'], widened: ['analytics'] },
  { method: 'GET', path: '/**', scopes: ['read'] },
  { method: 'POST', path: '/**', scopes: ['write'] },
  { method: 'PUT', path: '/**', scopes: ['write'] },
  { method: 'PATCH', path: '/**', scopes: ['write'] },
  { method: 'DELETE', path: '/**', scopes: ['write'] },
]

type Node = { words: Map<string, Node>; any?: Node; here?: Route; below?: Route }

const newNode = (): Node => ({ words: new Map() })

/** A table of rows in any order; the most specific row wins: word before `{id}` before `**`. */
export function scopeTable(rows: readonly Row[], widening: Widening = 'log'): ScopeTable {
  const methods = new Map<string, Node>()
  const routes = rows.map((row) => {
    const route = routeOf(row, widening)
    const top = methods.get(row.method) ?? newNode()
    methods.set(row.method, top)
    insert(top, row.path.split('/').slice(1), route)
    return route
  })
  return {
    routes,
    find(method, path) {
      // HEAD is GET without the body.
      const top = methods.get(method === 'HEAD' ? 'GET' : method)
      return top && match(top, path.split('/'), 1)
    },
  }
}

function routeOf({ method, path, scopes, widened = [] }: Row, widening: Widening): Route {
  const name = `${method} ${path}`
  if (widening === 'allow') return { name, anyScope: scopeBits([...scopes, ...widened]) }
  return { name, anyScope: scopeBits(scopes), ...(widened.length > 0 ? { widened: scopeBits(widened) } : {}) }
}

function insert(node: Node, [segment, ...rest]: string[], route: Route): void {
  if (segment === undefined) node.here = route
  else if (segment === '**') node.below = route
  else if (segment.startsWith('{')) {
    node.any ??= newNode()
    insert(node.any, rest, route)
  } else {
    const next = node.words.get(segment) ?? newNode()
    node.words.set(segment, next)
    insert(next, rest, route)
  }
}

function match(node: Node, segments: string[], from: number): Route | undefined {
  if (from === segments.length) return node.here ?? node.below
  const word = node.words.get(segments[from]!)
  return (
    (word && match(word, segments, from + 1)) ??
    (node.any && match(node.any, segments, from + 1)) ??
    node.below
  )
}

const file = z.array(
  z.object({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
    path: z
      .string()
      .regex(/^(?:\/(?:[A-Za-z0-9_.~-]+|\{\w+\}))*(?:\/\*\*)?$|^\/$/, 'has a form that is not understood'),
    scopes: z.array(z.string().refine(isScope, 'is not a scope')).min(1),
  }),
)

/**
 * The table in a YAML or JSON file: a list of `{method, path, scopes}`. Without a file, the default table.
 * @throws Error that names the file and the row when it cannot be used.
 */
export function loadScopeTable(path: string | undefined, widening: Widening = 'log'): ScopeTable {
  if (!path) return scopeTable(defaultRows, widening)
  const read = file.safeParse(parse(readFileSync(path, 'utf8')))
  if (read.success) return scopeTable(read.data as Row[])
  const { path: where, message } = read.error.issues[0]!
  const row = where[0] === undefined ? 'it' : `row ${Number(where[0]) + 1} (${where.slice(1).join('.')})`
  throw new Error(`The route table ${path} cannot be used: ${row} ${message}.`)
}
