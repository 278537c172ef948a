import { isUtf8 } from 'node:buffer'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Directory } from '../directory/users.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Act } from '../members/actor.ts'
import { baseOf } from './scim-address.ts'
import { scimError } from './scim-describe.ts'

/** The dependencies of every route: whose directory is asked, and a way to act on it. */
export type Scim = {
  world: World
  offboard: () => void
  of(request: FastifyRequest): Directory
  act<T>(
    request: FastifyRequest,
    work: (act: Act, directory: Directory) => Promise<T | Refusal>,
  ): Promise<T | Refusal>
}

/** The parameters of a list. */
export type Query = { filter?: string; startIndex?: string; count?: string }

const maxPerPage = 200
const usualPage = 100
export const pageHelp = 'startIndex is a whole number of at most nine digits.'

/** The part of a list that is wanted: a count of 0 asks for the total alone. Undefined beyond any list. */
export function pageOf({ query }: FastifyRequest): { offset: number; limit: number } | undefined {
  const { startIndex = '1', count = '' } = query as Query
  const from = Math.max(1, Number.parseInt(startIndex, 10) || 1)
  const wanted = Number.parseInt(count, 10)
  const limit = Number.isNaN(wanted) ? usualPage : Math.min(maxPerPage, Math.max(0, wanted))
  return from < 1e9 ? { offset: from - 1, limit } : undefined
}

type Misread = { wrong?: string; scimType?: string }

/**
 * The body as JSON, as `read` reads it. A body that is not UTF-8 is wrong, and read all the same, so that a leaver in it
 * is seen. `__proto__` is a name like any other to those who read, and not one that they know.
 */
export function readBody<T extends Misread>({ body }: FastifyRequest, read: (json: unknown) => T): T {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const json = parsed(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  const reading = read(json)
  if (json === undefined) return { ...reading, scimType: 'invalidSyntax' }
  return isUtf8(bytes) ? reading : { ...reading, wrong: 'The body is not UTF-8.', scimType: 'invalidSyntax' }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const misread = (reply: FastifyReply, { wrong, scimType = 'invalidValue' }: Misread): FastifyReply =>
  reply.status(400).send(scimError(400, wrong!, scimType))

const statuses: Partial<Record<RefusalCode, [number, string?]>> = {
  gone: [400, 'noTarget'],
  duplicate: [409, 'uniqueness'],
  not_found: [404],
  failed: [500],
  database_out: [503],
  outcome_unknown: [503],
}

/** Answers a refusal in the form of RFC 7644, 3.12. */
export function refused(reply: FastifyReply, { code, message }: Refusal): FastifyReply {
  const [status, type] = statuses[code] ?? [400, 'invalidValue']
  if (status === 503) reply.header('retry-after', '5')
  return reply.status(status).send(scimError(status, plain(message), type))
}

type Resource = { meta: { location: string } }

/** Answers with a resource and its address. */
export const sent = (reply: FastifyReply, resource: Resource, status = 200): FastifyReply =>
  reply.status(status).header('location', resource.meta.location).send(resource)

/** Answers a result with its resource, or a refusal. */
export const answerWith =
  <T>(resourceOf: (value: T, base: string) => Resource) =>
  (request: FastifyRequest, reply: FastifyReply, result: T | Refusal, status = 200): FastifyReply =>
    isRefusal(result) ? refused(reply, result) : sent(reply, resourceOf(result, baseOf(request)), status)
